-- flows_paused: one row per flow that a bug has paused and nothing has resumed. A pause concerns every site.
with

turns_told as (

    select
        entity_id as flow,
        facts ->> '$.state' as state,
        facts ->> '$.fingerprint' as fingerprint,
        facts ->> '$.version' as version,
        coalesce(try_cast(facts ->> '$.held' as bigint), 0) as held,
        happened_at,
        row_number() over (
            partition by entity_id
            order by happened_at, row_id
        ) as turn
    from lifecycle_now
    where kind = 'flow_pause'

),

turns_compared as (

    select
        *,
        coalesce(max(turn) filter (where state = 'resumed') over (partition by flow), 0) as last_resumed
    from turns_told

),

pauses_summed as (

    select
        flow,
        arg_max(fingerprint, turn) as fingerprint,
        min(happened_at) as since,
        arg_max(version, turn) as version,
        arg_max(held, turn) as held
    from turns_compared
    where turn > last_resumed
    group by flow

)

select
    flow,
    fingerprint,
    since,
    version,
    held
from pauses_summed
where within(since, $start, $end)
order by since, flow
