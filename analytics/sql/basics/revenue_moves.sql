-- revenue_moves: one row per instant at which a customer's monthly revenue in one currency changed, and how; of a table
-- of spans (`instance_id`, `customer`, `currency`, `mrr`, `is_paused`, `began_at`, `ended_at`). A move depends on
-- those before it alone.
create or replace macro revenue_moves(spans) as table
with

steps_listed as (

    select instance_id, customer, currency, began_at as moved_at, mrr as step, cast(is_paused as integer) as pauses
    from query_table(spans)
    union all
    select instance_id, customer, currency, ended_at as moved_at, -mrr as step, -cast(is_paused as integer) as pauses
    from query_table(spans)
    where ended_at is not null

),

instants_summed as (

    select
        instance_id,
        customer,
        currency,
        moved_at,
        sum(step) as step,
        sum(pauses) as pauses
    from steps_listed
    group by instance_id, customer, currency, moved_at

),

instants_followed as (

    select
        *,
        sum(step) over history as mrr_after,
        sum(step) over history - step as mrr_before,
        sum(pauses) over history as paused_after,
        sum(pauses) over history - pauses as paused_before,
        coalesce(
            sum(case when step <> 0 then 1 else 0 end) over (
                partition by instance_id, customer, currency
                order by moved_at
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as earlier_moves
    from instants_summed
    window history as (
        partition by instance_id, customer, currency
        order by moved_at
    )

)

select
    instance_id,
    customer,
    currency,
    moved_at,
    step,
    case
        -- While a subscription is paused, going to nothing and coming back are no leaving and no return.
        when mrr_before = 0 and paused_before > 0 then 'expansion'
        when mrr_after = 0 and paused_after > 0 then 'contraction'
        when mrr_before = 0 and earlier_moves = 0 then 'new'
        when mrr_before = 0 then 'reactivation'
        when mrr_after = 0 then 'churn'
        when step > 0 then 'expansion'
        else 'contraction'
    end as movement
from instants_followed
where step <> 0
