-- order_stretches: one row per stretch of time that an order spent in one of our states, the last one open-ended. It was
-- in the first state that we saw since it was created, or, if it was closed by then, in an unknown one.
create or replace view order_stretches as
with

points_listed as (

    select
        'store_order' as family,
        instance_id,
        order_id,
        point,
        state,
        moment(order_facts ->> '$.created_at') as created_at,
        happened_at
    from store_order_states
    where status is not null
    union all
    select
        'subscription' as family,
        instance_id,
        entity_id as order_id,
        position as point,
        state,
        created_at,
        settled_at as happened_at
    from entity_events
    where kind = 'subscription'

),

points_compared as (

    select
        *,
        lag(state) over in_order as state_before,
        lag(state) over in_order is null as is_first,
        state in ('fulfilled', 'canceled', 'rejected', 'ended') as is_closed
    from points_listed
    window in_order as (
        partition by family, instance_id, order_id
        order by point
    )

),

stretches_dated as (

    select
        family,
        instance_id,
        order_id,
        state,
        case when is_first and not is_closed then least(created_at, happened_at) else happened_at end as began_at,
        lead(happened_at) over (
            partition by family, instance_id, order_id
            order by point
        ) as ended_at
    from points_compared
    where state is distinct from state_before

)

select *
from stretches_dated
union all
select
    family,
    instance_id,
    order_id,
    'unknown' as state,
    created_at as began_at,
    happened_at as ended_at
from points_compared
where is_first and is_closed and created_at < happened_at
