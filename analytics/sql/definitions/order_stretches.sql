-- order_stretches: one row per stretch of time that an order spent in one of our states, the last one open-ended.
create or replace view order_stretches as
with

points_listed as (

    select
        'store_order' as family,
        instance_id,
        order_id,
        point,
        state,
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
        settled_at as happened_at
    from entity_events
    where kind = 'subscription'

),

points_compared as (

    select
        *,
        state is distinct from lag(state) over (
            partition by family, instance_id, order_id
            order by point
        ) as is_begin
    from points_listed

)

select
    family,
    instance_id,
    order_id,
    state,
    happened_at as began_at,
    lead(happened_at) over (
        partition by family, instance_id, order_id
        order by point
    ) as ended_at
from points_compared
where is_begin
