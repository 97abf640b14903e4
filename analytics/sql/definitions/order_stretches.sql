-- order_stretches: one row per stretch of time that an order spent in one of our states, the last one open-ended. It was
-- in the first state that we saw since it was created, or, if it was closed by then, in an unknown one. Orders made of
-- plans alone, and those placed at an unknown time, are left out. `currency` is the order's, so that nobody needs to
-- join millions of orders to filter by it.
create or replace view order_stretches as
with

orders_counted as (

    select
        entity_number,
        instance_id,
        order_id,
        currency
    from store_orders
    where not is_plan_order and placed_at is not null
    union all
    select
        entity_number,
        instance_id,
        order_id,
        currency
    from subscriptions

),

points_listed as (

    select
        'store_order' as family,
        entity_number,
        point,
        state,
        state_before,
        created_at,
        happened_at
    from store_order_states
    where status is not null
    union all
    select
        'subscription' as family,
        events.entity_number,
        events.position as point,
        events.state,
        events.state_before,
        told.created_at,
        events.settled_at as happened_at
    from entity_events as events
    inner join lifecycle_now as told on told.kind = 'subscription' and told.row_id = events.row_id
    where events.kind = 'subscription'

),

points_changed as (

    select
        *,
        state_before is null as is_first,
        state in ('fulfilled', 'canceled', 'rejected', 'ended') as is_closed
    from points_listed
    where state is distinct from state_before

),

stretches_dated as (

    select
        family,
        entity_number,
        state,
        case when is_first and not is_closed then least(created_at, happened_at) else happened_at end as began_at,
        lead(happened_at) over (
            partition by entity_number
            order by point
        ) as ended_at
    from points_changed
    union all
    select
        family,
        entity_number,
        'unknown' as state,
        created_at as began_at,
        happened_at as ended_at
    from points_changed
    where is_first and is_closed and created_at < happened_at

)

select
    stretches.family,
    stretches.entity_number,
    orders_counted.instance_id,
    orders_counted.order_id,
    orders_counted.currency,
    stretches.state,
    stretches.began_at,
    stretches.ended_at
from stretches_dated as stretches
inner join orders_counted on orders_counted.entity_number = stretches.entity_number
