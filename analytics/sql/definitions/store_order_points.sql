-- store_order_points: one row per event of a store order or of its fulfillments, with the latest of both at that point.
create or replace view store_order_points as
with

points_carried as (

    select
        instance_id,
        entity_id as order_id,
        row_number() over carried as point,
        kind,
        event_id,
        what,
        happened_at,
        last_value(case when kind = 'store_order' then facts end ignore nulls) over carried as order_facts,
        last_value(case when kind = 'fulfillments' then facts end ignore nulls) over carried as shipments_facts,
        last_value(case when kind = 'store_order' then happened_at end ignore nulls) over carried as order_at,
        last_value(case when kind = 'fulfillments' then happened_at end ignore nulls)
            over carried as shipments_at
    from entity_events
    where kind in ('store_order', 'fulfillments')
    window carried as (
        partition by instance_id, entity_id
        order by settled_at, kind, position
        rows between unbounded preceding and current row
    )

)

select
    instance_id,
    order_id,
    point,
    kind,
    event_id,
    what,
    order_facts,
    shipments_facts,
    order_facts ->> '$.status' as status,
    order_facts ->> '$.payment_status' as payment_status,
    order_facts ->> '$.fulfillment_status' as fulfillment_status,
    from_json(
        shipments_facts -> '$.shipments',
        '[{"id": "VARCHAR", "created_at": "VARCHAR", "tracking_number": "VARCHAR"}]'
    ) as shipments,
    -- The order's own word counts against quantities only if it is no older than they are.
    coalesce(shipments_at is null or order_at >= shipments_at, false) as is_order_newer,
    happened_at
from points_carried
