-- customer_stays: one row per unbroken stretch as a customer; a gap of up to a day (a setting) does not break it.
-- Without a customer's subscriptions ending there is no `ended_at`. On the basis `paid` each runs to the end of what was paid.
create or replace macro customer_stays(basis, population, now_at, sites_chosen, currencies_chosen) as table
with

spans_chosen as not materialized (

    select
        * exclude (ended_at),
        case
            when ended_at is null then null
            when basis = 'paid' then greatest(coalesce(paid_until, ended_at), started_at)
            else ended_at
        end as ended_at
    from customer_spans(population, now_at)
    where
        chosen(sites_chosen, instance_id)
        and chosen(currencies_chosen, currency)

),

spans_followed as (

    select
        *,
        coalesce(ended_at, timestamp '9999-01-01') as covers_until,
        max(coalesce(ended_at, timestamp '9999-01-01')) over (
            partition by instance_id, customer
            order by started_at, order_id
            rows between unbounded preceding and 1 preceding
        ) as covered_until
    from spans_chosen
    where not is_only

),

spans_grouped as (

    select
        *,
        sum(case when started_at <= covered_until + switch_time() then 0 else 1 end) over (
            partition by instance_id, customer
            order by started_at, order_id
        ) as stay
    from spans_followed

)

select
    instance_id,
    customer,
    false as is_only,
    stay,
    min(started_at) as started_at,
    nullif(max(covers_until), timestamp '9999-01-01') as ended_at,
    -- When they asked to leave: of the last to end, or, while all that run are set to cancel, the last request.
    case
        when max(covers_until) < timestamp '9999-01-01'
            then arg_max(coalesce(requested_at, timestamp '9999-01-01'), (covers_until, order_id))
        when bool_and(covers_until < timestamp '9999-01-01' or requested_at is not null) then max(requested_at)
    end as asked_at,
    arg_min(plan, (started_at, order_id)) as first_plan,
    arg_max(plan, (covers_until, order_id)) as last_plan,
    arg_min({'plan_id': plan_id, 'currency': currency}, (started_at, order_id)) as first_held,
    arg_max({'plan_id': plan_id, 'currency': currency}, (covers_until, order_id)) as last_held,
    arg_min(order_id, (started_at, order_id)) as first_order,
    arg_max(order_id, (covers_until, order_id)) as last_order,
    arg_max(end_cause, (covers_until, order_id)) as cause,
    list(covered_until) filter (
        where started_at between covered_until and covered_until + switch_time()
    ) as switched_at
from spans_grouped
group by instance_id, customer, stay
union all
-- Whoever had one subscription stayed for as long as that.
select
    instance_id,
    customer,
    true as is_only,
    1 as stay,
    started_at,
    ended_at,
    case when ended_at is null then requested_at else coalesce(requested_at, timestamp '9999-01-01') end as asked_at,
    plan as first_plan,
    plan as last_plan,
    {'plan_id': plan_id, 'currency': currency} as first_held,
    {'plan_id': plan_id, 'currency': currency} as last_held,
    order_id as first_order,
    order_id as last_order,
    end_cause as cause,
    null as switched_at
from spans_chosen
where is_only
