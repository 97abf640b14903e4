-- effects: one row per effect key: the highest step stands, done is final.
create or replace view effects as
with

effect_rows as (

    select
        entity_number,
        instance_id,
        entity_id as effect_key,
        order_id,
        flow,
        outcome,
        step,
        reason,
        facts,
        coalesce(event_at, happened_at) as event_at,
        happened_at,
        decided_at,
        done_at,
        known_at,
        -- What became due has no step yet; a redriven effect is due again at a later one.
        coalesce(step, 0) = 0 as is_due,
        -- Done outranks whatever was told later by a slower hand.
        case when outcome = 'done' then 1000000000 else 0 end + step as rank
    from lifecycle_now
    where kind = 'effect'

),

effects_summed as (

    select
        entity_number,
        any_value(instance_id) as instance_id,
        any_value(effect_key) as effect_key,
        min(event_at) as event_at,
        min(known_at) filter (where is_due) as due_known_at,
        min(order_id) as order_id,
        arg_min(flow, step) as flow,
        count(*) filter (where not is_due) as outcomes,
        -- One by one, which is much quicker than all of them in one: each step is one row.
        arg_max_null(outcome, rank) filter (where not is_due) as word,
        arg_max_null(reason, rank) filter (where not is_due) as reason,
        arg_max_null(facts, rank) filter (where not is_due) as facts,
        arg_max_null(happened_at, rank) filter (where not is_due) as changed_at,
        arg_max_null(decided_at, rank) filter (where not is_due) as decided_at,
        arg_max_null(done_at, rank) filter (where not is_due) as done_at
    from effect_rows
    group by entity_number

)

select
    entity_number,
    instance_id,
    effect_key,
    order_id,
    flow,
    case
        when word in ('done', 'suppressed', 'failed') then word
        -- Claimed and doubtful effects, and those a person set going again, are on their way.
        when word is not null then 'waiting'
        else 'open'
    end as outcome,
    word,
    facts,
    reason,
    event_at,
    due_known_at,
    changed_at,
    decided_at,
    done_at
from effects_summed
