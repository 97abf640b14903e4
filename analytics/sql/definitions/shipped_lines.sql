-- shipped_lines: one row per line item of a store order at one of its points, named by the row of that point, as far as
-- its fulfillments cover it. Lines are added up per row that tells of them, since several points share one.
create or replace view shipped_lines as
with

points_with_both as (

    select
        row_id,
        order_row_id,
        shipments_row_id
    from store_order_points
    where order_row_id is not null and shipments_row_id is not null

),

lines_ordered as (

    select
        row_id,
        unnest(lines) as line
    from lifecycle_now
    where kind = 'store_order' and row_id in (select order_row_id from points_with_both)

),

lines_wanted as (

    select
        row_id,
        line.id as line_id,
        sum(line.quantity) as units
    from lines_ordered
    group by all

),

shipments_listed as (

    select
        row_id,
        unnest(shipments) as shipment
    from lifecycle_now
    where kind = 'fulfillments'

),

lines_sent as (

    select
        row_id,
        shipment.id as shipment_id,
        shipment.created_at as created_at,
        unnest(shipment.lines) as line
    from shipments_listed

),

lines_added_up as (

    select
        row_id,
        line.id as line_id,
        created_at,
        sum(line.quantity) over (
            partition by row_id, line.id
            order by created_at, shipment_id
        ) as units_so_far
    from lines_sent

)

select
    points.row_id,
    lines_wanted.line_id,
    lines_wanted.units,
    coalesce(max(lines_added_up.units_so_far), 0) as units_shipped,
    min(lines_added_up.created_at)
        filter (where lines_added_up.units_so_far >= lines_wanted.units) as covered_at
from points_with_both as points
inner join lines_wanted on lines_wanted.row_id = points.order_row_id
left join lines_added_up
    on
        lines_added_up.row_id = points.shipments_row_id
        and lines_added_up.line_id = lines_wanted.line_id
group by all
