-- store_order_states: one row per point of a store order: our state there, what was paid, shipped, tracked, and how it
-- was at the point before.
create or replace view store_order_states as
with

lines_summed as (

    select
        row_id,
        bool_and(units_shipped >= units) as is_all_shipped,
        bool_or(units_shipped > 0) as is_any_shipped,
        case when bool_and(covered_at is not null) then max(covered_at) end as all_shipped_at
    from shipped_lines
    group by row_id

),

parcels_read as (

    select
        row_id,
        list_min(list_transform(shipments, lambda shipment: shipment.created_at)) as first_shipped_at,
        len(list_filter(shipments, lambda shipment: shipment.tracking_number is not null)) > 0 as is_tracked
    from lifecycle_now
    where is_from_event and kind = 'fulfillments'

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
        coalesce(parcels.is_tracked, false) as is_tracked,
        case when lines.is_all_shipped then lines.all_shipped_at end as all_shipped_at,
        parcels.first_shipped_at
    from store_order_points as points
    left join lines_summed as lines on lines.row_id = points.row_id
    left join parcels_read as parcels on parcels.row_id = points.shipments_row_id

),

points_judged as (

    -- What is not compared with the point before is read from the rows themselves.
    select
        * exclude (payment_status, fulfillment_status, is_order_newer, identity_type)
        replace (coalesce(is_fulfilled, false) as is_fulfilled, coalesce(is_begun, false) as is_begun),
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
        coalesce(status = 'CANCELED', false) as is_canceled,
        -- Buyers are members and visitors.
        coalesce(identity_type in ('WIX_USER', 'APP'), false) as is_by_site,
        case
            when status is null or status = 'INITIALIZED' then null
            else status in ('CANCELED', 'REJECTED') or (status = 'APPROVED' and coalesce(is_fulfilled, false))
        end as is_closed
    from points_joined

)

select
    *,
    coalesce(lag(is_paid) over followed, false) as was_paid,
    coalesce(lag(is_begun) over followed, false) as was_begun,
    coalesce(lag(is_fulfilled) over followed, false) as was_fulfilled,
    coalesce(lag(is_canceled) over followed, false) as was_canceled,
    coalesce(lag(is_tracked) over followed, false) as was_tracked,
    lag(shipments_row_id) over followed as shipments_row_before,
    lag(case when status is not null then state end) over followed as state_before,
    lag(is_closed ignore nulls) over followed as was_closed,
    lead(point) over followed is null as is_last
from points_judged
window followed as (
    partition by entity_number
    order by point
)
