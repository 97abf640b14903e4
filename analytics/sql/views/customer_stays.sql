-- customer_stays: one row per unbroken stretch as a customer; a gap of up to a day (a setting) does not break it.
-- Without a customer's subscriptions ending there is no `ended_at`. On the basis `paid` each runs to the end of what was paid.
-- Where only what goes on from an instant is asked for, customers who just stay all the time since before it are one row
-- per site, with how many they are (`customers`): of millions few come or leave in a month, and those alone are compared.
create or replace macro customer_stays(basis, population, now_at, from_at, sites_chosen, currencies_chosen) as table
with

spans_chosen as not materialized (

    select
        * exclude (ended_at),
        case
            when basis = 'paid' and ended_at is not null then greatest(coalesce(paid_until, ended_at), started_at)
            else ended_at
        end as ended_at,
        from_at is not null
        and begun_at < from_at
        and coalesce(pays_from < from_at, true)
        and is_running
        -- Whom ProfitWell does not count goes by the request, and who else has asked by what they have beside.
        and (is_unasked or (is_only and basis = 'end' and set_to_cancel_at < from_at)) as is_steady
    from customer_spans(population, now_at)
    where
        chosen(sites_chosen, instance_id)
        and chosen(currencies_chosen, currency)

),

steady_with_several as (

    select
        customer_number,
        any_value(instance_id) as instance_id
    from spans_chosen
    where is_steady and not is_only
    group by customer_number

),

spans_followed as (

    select
        *,
        coalesce(ended_at, timestamp '9999-01-01') as covers_until,
        max(coalesce(ended_at, timestamp '9999-01-01')) over (
            partition by customer_number
            order by started_at
            rows between unbounded preceding and 1 preceding
        ) as covered_until
    from spans_chosen
    anti join steady_with_several as steady on steady.customer_number = spans_chosen.customer_number
    where not is_only

),

spans_grouped as (

    select
        *,
        sum(case when started_at <= covered_until + switch_time() then 0 else 1 end) over (
            partition by customer_number
            order by started_at
        ) as stay
    from spans_followed

)

select
    any_value(instance_id) as instance_id,
    any_value(customer) as customer,
    customer_number,
    false as is_only,
    1 as customers,
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
group by customer_number, stay
union all
-- Whoever had one subscription stayed for as long as that.
select
    instance_id,
    customer,
    customer_number,
    true as is_only,
    1 as customers,
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
where
    is_only
    and not is_steady
    and (from_at is null or ended_at is null or ended_at >= from_at)
union all by name
select
    instance_id,
    true as is_only,
    count(*) as customers,
    -- The how-manieth of each of them nobody asked.
    0 as stay,
    timestamp '0001-01-01' as started_at
from (
    select instance_id from spans_chosen where is_steady and is_only
    union all
    select instance_id from steady_with_several
) as steady
group by instance_id
