-- store_order_turns: one row per time a store order was opened again (`reopened`) or closed (`closed`): of those
-- that count, neither drafts nor made of plans alone, placed at a known time. `currency` is the order's.
create or replace view store_order_turns as
with

stretches_numbered as (

    select
        entity_number,
        point,
        state,
        is_closed,
        all_shipped_at,
        happened_at,
        sum(case when is_closed <> coalesce(was_closed, false) then 1 else 0 end)
            over (partition by entity_number order by point) as stretch
    from store_order_states
    where is_closed or (was_closed and not is_closed)

),

stretches_dated as (

    select
        entity_number,
        bool_or(is_closed) as is_closed,
        arg_min(state, point) as first_state,
        arg_min(happened_at, point) as turned_at,
        arg_max(all_shipped_at, point) filter (where state = 'fulfilled') as all_shipped_at
    from stretches_numbered
    group by entity_number, stretch

)

select
    stretches.entity_number,
    latest.instance_id,
    latest.order_id,
    latest.currency,
    case when stretches.is_closed then 'closed' else 'reopened' end as turn,
    case
        when stretches.is_closed and stretches.first_state = 'fulfilled'
            then coalesce(stretches.all_shipped_at, stretches.turned_at)
        else stretches.turned_at
    end as turned_at
from stretches_dated as stretches
inner join store_orders as latest on latest.entity_number = stretches.entity_number
where not latest.is_plan_order and latest.state <> 'draft' and latest.placed_at is not null
