-- shipped_lines: one row per line item of a store order at one of its points, as far as its fulfillments cover it.
create or replace view shipped_lines as
with

points_with_both as (

    select
        instance_id,
        order_id,
        point,
        order_facts,
        shipments_facts
    from store_order_points
    where order_facts is not null and shipments_facts is not null

),

lines_ordered as (

    select
        instance_id,
        order_id,
        point,
        unnest(from_json(order_facts -> '$.lines', '[{"id": "VARCHAR", "quantity": "BIGINT"}]')) as line
    from points_with_both

),

lines_wanted as (

    select
        instance_id,
        order_id,
        point,
        line.id as line_id,
        sum(line.quantity) as units
    from lines_ordered
    group by all

),

shipments_listed as (

    select
        instance_id,
        order_id,
        point,
        unnest(
            from_json(
                shipments_facts -> '$.shipments',
                '[{"id": "VARCHAR", "created_at": "VARCHAR", "lines": [{"id": "VARCHAR", "quantity": "BIGINT"}]}]'
            )
        ) as shipment
    from points_with_both

),

lines_sent as (

    select
        instance_id,
        order_id,
        point,
        shipment.id as shipment_id,
        moment(shipment.created_at) as created_at,
        unnest(shipment.lines) as line
    from shipments_listed

),

lines_added_up as (

    select
        instance_id,
        order_id,
        point,
        line.id as line_id,
        created_at,
        sum(line.quantity) over (
            partition by instance_id, order_id, point, line.id
            order by created_at, shipment_id
        ) as units_so_far
    from lines_sent

)

select
    lines_wanted.instance_id,
    lines_wanted.order_id,
    lines_wanted.point,
    lines_wanted.line_id,
    lines_wanted.units,
    coalesce(max(lines_added_up.units_so_far), 0) as units_shipped,
    min(lines_added_up.created_at)
        filter (where lines_added_up.units_so_far >= lines_wanted.units) as covered_at
from lines_wanted
left join lines_added_up
    on
        lines_added_up.instance_id = lines_wanted.instance_id
        and lines_added_up.order_id = lines_wanted.order_id
        and lines_added_up.point = lines_wanted.point
        and lines_added_up.line_id = lines_wanted.line_id
group by all
