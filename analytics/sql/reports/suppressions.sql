-- suppressions: one row per flow and reason; the share is of the flow's suppressed effects.
with

effects_suppressed as (

    select
        flow,
        coalesce(reason, 'unknown') as reason
    from effects
    where
        outcome = 'suppressed'
        and chosen($flow, flow)
        and chosen($site, instance_id)
        and within(event_at, $start, $end)

)

select
    flow,
    reason,
    count(*) as effects,
    count(*) / sum(count(*)) over (partition by flow) as share
from effects_suppressed
group by flow, reason
order by flow, effects desc, reason
