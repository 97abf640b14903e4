-- churn_marks: one row per thing that a method of counting churn counts. `base`: who can leave, from when until when;
-- `join`: who came for the first time; `exit`: who left, with its weight.
create or replace macro churn_marks(method, population, split_by, zone, now_at, sites_chosen, currencies_chosen)
as table
with

stays_dated as (

    select
        *,
        -- Without a request, or with one that was not seen, they left at the end.
        coalesce(nullif(asked_at, timestamp '9999-01-01'), ended_at) as left_at,
        case split_by when 'site' then instance_id when 'plan' then first_plan end as first_group,
        case split_by when 'site' then instance_id when 'plan' then last_plan end as last_group
    from customer_stays(
        case when method = 'profitwell' then 'paid' else 'end' end,
        population,
        now_at,
        sites_chosen,
        currencies_chosen
    )

),

-- Signing up and asking to leave inside one calendar month is no churn to ProfitWell, nor a customer.
stays_counted as (

    select *
    from stays_dated
    where
        method <> 'profitwell'
        or left_at is null
        or bucket_of(started_at, 'month', zone) <> bucket_of(left_at, 'month', zone)

),

spans_chosen as (

    select
        *,
        case split_by when 'site' then instance_id when 'plan' then plan end as "group",
        min(ended_at) over (partition by instance_id, customer) <= started_at as is_again
    from customer_spans(population, now_at)
    where
        chosen(sites_chosen, instance_id)
        and chosen(currencies_chosen, currency)

),

marks_listed as (

    select
        'base' as mark, last_group as "group", instance_id, customer, last_order as order_id, 1 as weight,
        started_at, ended_at
    from stays_counted
    where method <> 'revenuecat' and split_by <> 'plan'
    union all
    -- By plan, they belong to each plan for as long as they hold it.
    select
        'base' as mark, "group", instance_id, customer, order_id, 1 as weight, started_at,
        case
            when ended_at is null then null
            when method = 'profitwell' then greatest(coalesce(paid_until, ended_at), started_at)
            else ended_at
        end as ended_at
    from spans_chosen
    where method <> 'revenuecat' and split_by = 'plan'
    union all
    select
        'base' as mark, "group", instance_id, order_id as customer, order_id, 1 as weight, started_at, ended_at
    from spans_chosen
    where method = 'revenuecat'
    union all
    select
        'join' as mark, first_group as "group", instance_id, customer, last_order as order_id, 1 as weight,
        started_at, null as ended_at
    from stays_counted
    where method in ('stripe', 'gumroad') and stay = 1
    union all
    select
        'exit' as mark, last_group as "group", instance_id, customer, last_order as order_id, 1 as weight,
        case when method = 'gumroad' then left_at else ended_at end as started_at,
        null as ended_at
    from stays_counted
    where
        method in ('stripe', 'gumroad', 'profitwell')
        and (ended_at is not null or (method = 'gumroad' and left_at is not null))
    union all
    select
        'exit' as mark, "group", instance_id, order_id as customer, order_id, 1 as weight, ended_at as started_at,
        null as ended_at
    from spans_chosen
    where method = 'revenuecat' and ended_at is not null
    union all
    select
        'exit' as mark, "group", instance_id, order_id as customer, order_id, -1 as weight, started_at,
        null as ended_at
    from spans_chosen
    where method = 'revenuecat' and is_again

)

select * from marks_listed
