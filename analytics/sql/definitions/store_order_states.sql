-- store_order_states: one row per point of a store order: our state there, and what was paid, shipped, tracked.
create or replace view store_order_states as
with

lines_summed as (

    select
        instance_id,
        order_id,
        point,
        bool_and(units_shipped >= units) as is_all_shipped,
        bool_or(units_shipped > 0) as is_any_shipped,
        case when bool_and(covered_at is not null) then max(covered_at) end as all_shipped_at
    from shipped_lines
    group by all

),

points_joined as (

    select
        points.*,
        coalesce(lines.is_all_shipped, false)
        or (points.fulfillment_status = 'FULFILLED' and points.is_order_newer) as is_fulfilled,
        coalesce(lines.is_any_shipped, false)
        or (
            points.fulfillment_status in ('PARTIALLY_FULFILLED', 'FULFILLED')
            and points.is_order_newer
        ) as is_begun,
        case when lines.is_all_shipped then lines.all_shipped_at end as all_shipped_at
    from store_order_points as points
    left join lines_summed as lines
        on
            lines.instance_id = points.instance_id
            and lines.order_id = points.order_id
            and lines.point = points.point

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
    status,
    payment_status,
    fulfillment_status,
    case
        when status = 'INITIALIZED' then 'draft'
        when status = 'PENDING' then 'placed'
        when status = 'CANCELED' then 'canceled'
        when status = 'REJECTED' then 'rejected'
        when status = 'APPROVED' and is_fulfilled then 'fulfilled'
        when status = 'APPROVED' and is_begun then 'partially_fulfilled'
        when status = 'APPROVED' then 'approved'
        else 'unknown'
    end as state,
    -- A refund takes money back; it does not undo that the order was paid.
    coalesce(payment_status in ('PAID', 'PARTIALLY_REFUNDED', 'FULLY_REFUNDED'), false) as is_paid,
    coalesce(is_fulfilled, false) as is_fulfilled,
    coalesce(is_begun, false) as is_begun,
    coalesce(status = 'CANCELED', false) as is_canceled,
    shipments,
    list_filter(shipments, lambda shipment: shipment.tracking_number is not null) as tracked,
    all_shipped_at,
    list_min(list_transform(shipments, lambda shipment: moment(shipment.created_at))) as first_shipped_at,
    happened_at
from points_joined
