-- revenue_moves: one row per instant, from one on or ever, at which a customer's monthly revenue in one currency changed, and
-- how; of a table of spans (`number` of whoever's they are, `currency`, `mrr`, `is_paused`, `began_at`, `ended_at`).
-- A move depends on those before it alone.
create or replace macro revenue_moves(spans, from_at) as table
with

-- What lies before the first instant asked for is one state at that time, however it came about.
steps_listed as (

    select
        number,
        currency,
        greatest(began_at, cast(from_at as timestamp) - interval 1 microsecond) as moved_at,
        mrr as step,
        cast(is_paused as integer) as pauses
    from query_table(spans)
    union all
    select
        number,
        currency,
        greatest(ended_at, cast(from_at as timestamp) - interval 1 microsecond) as moved_at,
        -mrr as step,
        -cast(is_paused as integer) as pauses
    from query_table(spans)
    where ended_at is not null

),

instants_summed as (

    select
        number,
        currency,
        moved_at,
        sum(step) as step,
        sum(pauses) as pauses,
        max(step) > 0 as has_begun
    from steps_listed
    group by number, currency, moved_at

),

instants_followed as (

    select
        *,
        sum(step) over history as mrr_after,
        sum(step) over history - step as mrr_before,
        sum(pauses) over history as paused_after,
        sum(pauses) over history - pauses as paused_before,
        coalesce(
            bool_or(has_begun) over (
                partition by number, currency
                order by moved_at
                rows between unbounded preceding and 1 preceding
            ),
            false
        ) as has_paid
    from instants_summed
    window history as (
        partition by number, currency
        order by moved_at
    )

)

select
    number,
    currency,
    moved_at,
    step,
    case
        -- While a subscription is paused, going to nothing and coming back are no leaving and no return.
        when mrr_before = 0 and paused_before > 0 then 'expansion'
        when mrr_after = 0 and paused_after > 0 then 'contraction'
        when mrr_before = 0 and not has_paid then 'new'
        when mrr_before = 0 then 'reactivation'
        when mrr_after = 0 then 'churn'
        when step > 0 then 'expansion'
        else 'contraction'
    end as movement
from instants_followed
where
    step <> 0
    and (from_at is null or moved_at >= from_at)
