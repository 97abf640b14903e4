-- store_order_turns: one row per time a store order was opened again (`reopened`) or closed (`closed`).
create or replace view store_order_turns as
with

stretches_numbered as (

    select
        instance_id,
        order_id,
        point,
        state,
        is_closed,
        all_shipped_at,
        happened_at,
        sum(case when is_closed <> coalesce(was_closed, false) then 1 else 0 end)
            over (partition by instance_id, order_id order by point) as stretch
    from store_order_states
    where is_closed or (was_closed and not is_closed)

),

stretches_dated as (

    select
        instance_id,
        order_id,
        stretch,
        bool_or(is_closed) as is_closed,
        arg_min(state, point) as first_state,
        arg_min(happened_at, point) as turned_at,
        arg_max(all_shipped_at, point) filter (where state = 'fulfilled') as all_shipped_at
    from stretches_numbered
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
