-- effects: one row per effect key: the highest step stands, done is final.
create or replace view effects as
with

effect_rows as (

    select
        instance_id,
        entity_id as effect_key,
        order_id,
        event_id,
        flow,
        outcome,
        step,
        facts,
        coalesce(moment(facts ->> '$.event_at'), happened_at) as event_at,
        happened_at,
        known_at,
        -- What became due has no step yet; a redriven effect is due again at a later one.
        coalesce(step, 0) = 0 as is_due
    from lifecycle_now
    where kind = 'effect'

),

effects_summed as (

    select
        instance_id,
        effect_key,
        min(event_at) as event_at,
        min(known_at) filter (where is_due) as due_known_at,
        min(order_id) as order_id,
        arg_min(flow, step) as flow,
        count(*) filter (where not is_due) as outcomes,
        -- Done outranks whatever was told later by a slower hand.
        arg_max(
            {'outcome': outcome, 'facts': facts, 'happened_at': happened_at},
            case when outcome = 'done' then 1000000000 else 0 end + step
        ) filter (where not is_due) as standing
    from effect_rows
    group by instance_id, effect_key

)

select
    instance_id,
    effect_key,
    order_id,
    flow,
    case
        when standing.outcome in ('done', 'suppressed', 'failed') then standing.outcome
        -- Claimed and doubtful effects, and those a person set going again, are on their way.
        when standing.outcome is not null then 'waiting'
        else 'open'
    end as outcome,
    standing.outcome as word,
    standing.facts as facts,
    standing.facts ->> '$.reason' as reason,
    event_at,
    due_known_at,
    standing.happened_at as changed_at,
    moment(standing.facts ->> '$.decided_at') as decided_at,
    moment(standing.facts ->> '$.done_at') as done_at
from effects_summed
