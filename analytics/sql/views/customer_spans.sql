-- customer_spans: one row per subscription that began: whose it is, and from when until when it made them a customer.
-- Paying: recurring, and from when on it has a price above 0 and is past the trial. `ended_at` null: it still does.
create or replace macro customer_spans(population, now_at) as table
with

spans_begun as (

    select
        *,
        greatest(started_at, case when population = 'paying' then pays_from end) as span_start
    from memberships

)

select
    instance_id,
    order_id,
    customer,
    customer_number,
    is_only,
    plan,
    plan_id,
    currency,
    end_cause,
    span_start as started_at,
    case when ended_at < now_at then ended_at end as ended_at,
    case when set_to_cancel_at < now_at then set_to_cancel_at end as requested_at,
    paid_until
from spans_begun
where
    span_start < now_at
    and (ended_at is null or ended_at > span_start)
    and (population = 'all' or is_priced)
