-- store_orders: one row per store order, drafts too, as it stands: latest facts and milestones.
-- A milestone is the start of the present unbroken stretch; null when undone, never reached, or at an unknown time
-- (a stretch that begins with a snapshot was reached before we looked).
create or replace view store_orders as
with

points_compared as (

    select
        *,
        coalesce(len(tracked) > 0, false) as is_tracked,
        lag(list_transform(shipments, lambda shipment: shipment.id)) over ordered as shipped_before,
        max(point) over whole as last_point,
        coalesce(max(point) filter (where not is_paid) over whole, 0) as last_unpaid,
        coalesce(max(point) filter (where not is_begun) over whole, 0) as last_unbegun,
        coalesce(max(point) filter (where not is_fulfilled) over whole, 0) as last_unfulfilled,
        coalesce(max(point) filter (where not is_canceled) over whole, 0) as last_uncanceled,
        coalesce(max(point) filter (where coalesce(len(tracked), 0) = 0) over whole, 0) as last_untracked
    from store_order_states
    window
        -- In the same order as the other, so that both are sorted once.
        whole as (
            partition by instance_id, order_id
            order by point
            rows between unbounded preceding and unbounded following
        ),
        ordered as (partition by instance_id, order_id order by point)

),

points_dated as (

    select
        *,
        case when what <> 'snapshot' then happened_at end as seen_at,
        -- A parcel that came with its tracking number was tracked when it was made.
        coalesce(
            list_min(
                list_transform(
                    list_filter(tracked, lambda shipment: not list_contains(coalesce(shipped_before, []), shipment.id)),
                    lambda shipment: moment(shipment.created_at)
                )
            ),
            case when what <> 'snapshot' then happened_at end
        ) as tracking_seen_at
    from points_compared

),

orders_dated as (

    select
        instance_id,
        order_id,
        min(happened_at) as first_seen_at,
        max(happened_at) as last_seen_at,
        arg_min(seen_at, point) filter (where point = last_unpaid + 1) as paid_at,
        arg_min(event_id, point) filter (where point = last_unpaid + 1) as paid_event_id,
        arg_min(seen_at, point) filter (where point = last_unbegun + 1) as begun_at,
        arg_min(seen_at, point) filter (where point = last_unfulfilled + 1) as word_fulfilled_at,
        arg_min(seen_at, point) filter (where point = last_uncanceled + 1) as canceled_at,
        arg_min(order_facts ->> '$.identity_type', point) filter (where point = last_uncanceled + 1) as canceled_by,
        arg_min(tracking_seen_at, point) filter (where point = last_untracked + 1) as tracked_at
    from points_dated
    group by instance_id, order_id

),

points_last as (

    select *
    from points_compared
    where point = last_point

)

select
    latest.instance_id,
    latest.order_id,
    latest.order_facts ->> '$.number' as number,
    latest.state,
    coalesce(latest.status, 'UNKNOWN') as status,
    latest.payment_status,
    latest.fulfillment_status,
    coalesce(latest.order_facts ->> '$.contact_id', '') as contact_id,
    coalesce(latest.order_facts ->> '$.member_id', '') as member_id,
    coalesce(latest.order_facts ->> '$.is_plan_order', 'false') = 'true' as is_plan_order,
    latest.is_paid,
    latest.is_fulfilled,
    latest.order_facts ->> '$.currency' as currency,
    latest.shipments_facts,
    amount(latest.order_facts ->> '$.total') as total,
    -- An order that only its fulfillments told of was placed at a time we don't know.
    case
        when latest.order_facts is not null
            then coalesce(moment(latest.order_facts ->> '$.created_at'), dated.first_seen_at)
    end as placed_at,
    dated.paid_event_id,
    dated.paid_at,
    case when latest.is_begun then coalesce(latest.first_shipped_at, dated.begun_at) end as first_fulfilled_at,
    case when latest.is_fulfilled then coalesce(latest.all_shipped_at, dated.word_fulfilled_at) end as fulfilled_at,
    dated.tracked_at,
    dated.canceled_at,
    -- Buyers are members and visitors.
    coalesce(dated.canceled_by in ('WIX_USER', 'APP'), false) as is_canceled_by_site,
    dated.last_seen_at
from points_last as latest
inner join orders_dated as dated
    on
        dated.instance_id = latest.instance_id
        and dated.order_id = latest.order_id
