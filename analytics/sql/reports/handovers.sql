-- handovers: one row per handover that a warehouse told of, the newest first, and what became of it.
with

handovers_told as (

    select
        instance_id,
        order_id,
        entity_id,
        event_id,
        facts ->> '$.warehouse' as warehouse,
        facts ->> '$.key' as key,
        facts ->> '$.outcome' as told,
        facts ->> '$.reason' as reason,
        coalesce(received_at, happened_at) as received_at
    from lifecycle_now
    where kind = 'handover' and chosen($site, instance_id)

),

handovers_joined as (

    select
        told.*,
        effects.outcome,
        effects.reason as effect_reason,
        effects.facts ->> '$.wix_id' as fulfillment_id
    from handovers_told as told
    left join effects
        on
            effects.instance_id = told.instance_id
            and effects.effect_key
            = 'fulfillment:' || told.instance_id || ':' || told.order_id || ':' || told.warehouse || ':' || told.key
            and told.told <> 'refused'

)

select
    warehouse,
    key,
    instance_id as site,
    order_id,
    received_at,
    case when told = 'refused' then 'refused' else coalesce(outcome, 'open') end as outcome,
    coalesce(reason, effect_reason) as reason,
    fulfillment_id
from handovers_joined
where
    within(received_at, $start, $until)
    and chosen($outcome, case when told = 'refused' then 'refused' else coalesce(outcome, 'open') end)
order by received_at desc, warehouse, key, handovers_joined.instance_id, order_id, told
limit $limit
