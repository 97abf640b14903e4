-- store_order_points: one row per event of a store order or of its fulfillments, with the latest of both at that point:
-- what the order said, and the rows of the two. `seen_at` is null of a snapshot: what it tells came about before. Few
-- columns, since all are sorted here and again by who looks at the point before.
create or replace view store_order_points as
with

points_carried as (

    select
        row_id,
        entity_number,
        event_id,
        happened_at,
        case when what <> 'snapshot' then happened_at end as seen_at,
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
    points.point,
    points.event_id,
    points.order_row_id,
    points.shipments_row_id,
    orders.status,
    orders.payment_status,
    orders.fulfillment_status,
    orders.identity_type,
    orders.created_at,
    -- The order's own word counts against quantities only if it is no older than they are.
    coalesce(points.shipments_at is null or orders.happened_at >= points.shipments_at, false) as is_order_newer,
    points.happened_at,
    points.seen_at
from points_carried as points
left join lifecycle_now as orders on orders.kind = 'store_order' and orders.row_id = points.order_row_id
