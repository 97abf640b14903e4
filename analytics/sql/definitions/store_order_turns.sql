-- store_order_turns: one row per time a store order was opened again (`reopened`) or closed (`closed`).
create or replace view store_order_turns as
with

points_judged as (

    select
        instance_id,
        order_id,
        point,
        state,
        all_shipped_at,
        happened_at,
        state in ('fulfilled', 'canceled', 'rejected') as is_closed
    from store_order_states
    where status is not null and state <> 'draft'

),

points_compared as (

    select
        *,
        coalesce(lag(is_closed) over (partition by instance_id, order_id order by point), false) as was_closed
    from points_judged

),

stretches_numbered as (

    select
        *,
        sum(case when is_closed <> was_closed then 1 else 0 end)
            over (partition by instance_id, order_id order by point) as stretch
    from points_compared

),

stretches_dated as (

    select
        instance_id,
        order_id,
        stretch,
        bool_or(is_closed) as is_closed,
        min(point) as first_point,
        arg_min(state, point) as first_state,
        arg_min(happened_at, point) as turned_at,
        arg_max(all_shipped_at, point) filter (where state = 'fulfilled') as all_shipped_at
    from stretches_numbered
    where stretch > 0
    group by all

)

select
    instance_id,
    order_id,
    case when is_closed then 'closed' else 'reopened' end as turn,
    case
        when is_closed and first_state = 'fulfilled' then coalesce(all_shipped_at, turned_at)
        else turned_at
    end as turned_at
from stretches_dated
