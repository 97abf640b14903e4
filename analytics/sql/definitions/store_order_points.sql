-- store_order_points: one row per event of a store order or of its fulfillments, with the latest of both at that point:
-- what the order said, and the rows of the two.
create or replace view store_order_points as
with

points_carried as (

    select
        row_id,
        entity_number,
        instance_id,
        entity_id as order_id,
        event_id,
        what,
        happened_at,
        row_number() over carried as point,
        last_value(case when kind = 'store_order' then row_id end ignore nulls) over carried as order_row_id,
        last_value(case when kind = 'fulfillments' then row_id end ignore nulls) over carried as shipments_row_id,
        last_value(case when kind = 'fulfillments' then happened_at end ignore nulls) over carried as shipments_at
    from entity_events
    where kind in ('store_order', 'fulfillments')
    window carried as (
        partition by entity_number
        order by settled_at, kind, position
        rows between unbounded preceding and current row
    )

)

select
    points.row_id,
    points.entity_number,
    points.instance_id,
    points.order_id,
    points.point,
    points.event_id,
    points.what,
    points.order_row_id,
    points.shipments_row_id,
    orders.status,
    orders.payment_status,
    orders.fulfillment_status,
    orders.identity_type,
    orders.created_at,
    -- The order's own word counts against quantities only if it is no older than they are.
    coalesce(points.shipments_at is null or orders.happened_at >= points.shipments_at, false) as is_order_newer,
    points.happened_at
from points_carried as points
left join lifecycle_now as orders on orders.kind = 'store_order' and orders.row_id = points.order_row_id
