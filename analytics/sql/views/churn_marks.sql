-- churn_marks: one row per thing that a method of counting churn counts, and for how many (`weight`). `base`: who can
-- leave, from when until when; `join`: who came for the first time; `exit`: who left. Made of tables of stays (of the
-- method's basis) and of spans, which a report works out once for all of its methods.
create or replace macro churn_marks(stays, spans, method, split_by, zone) as table
with

stays_dated as not materialized (

    select
        *,
        -- Without a request, or with one that was not seen, they left at the end.
        coalesce(nullif(asked_at, timestamp '9999-01-01'), ended_at) as left_at,
        case split_by when 'site' then instance_id when 'plan' then first_plan end as first_group,
        case split_by when 'site' then instance_id when 'plan' then last_plan end as last_group
    from query_table(stays)

),

-- Signing up and asking to leave inside one calendar month is no churn to ProfitWell, nor a customer.
stays_counted as not materialized (

    select *
    from stays_dated
    where
        method <> 'profitwell'
        or left_at is null
        -- Months of a zone are slow to tell, and most stay longer than one.
        or left_at > started_at + interval 32 days
        or bucket_of(started_at, 'month', zone) <> bucket_of(left_at, 'month', zone)

),

spans_grouped as not materialized (

    select
        *,
        case split_by when 'site' then instance_id when 'plan' then plan end as "group"
    from query_table(spans)

),

spans_again as not materialized (

    select
        *,
        min(ended_at) over (partition by customer_number) <= started_at as is_again
    from spans_grouped
    where not is_only

),

marks_listed as not materialized (

    select
        'base' as mark, last_group as "group", instance_id, customer, customer_number, is_only, last_order as order_id,
        customers as weight, started_at, ended_at
    from stays_counted
    where method <> 'revenuecat' and split_by <> 'plan'
    union all
    -- By plan, they belong to each plan for as long as they hold it.
    select
        'base' as mark, "group", instance_id, customer, customer_number, is_only, order_id,
        1 as weight, started_at,
        case
            when ended_at is null then null
            when method = 'profitwell' then greatest(coalesce(paid_until, ended_at), started_at)
            else ended_at
        end as ended_at
    from spans_grouped
    where method <> 'revenuecat' and split_by = 'plan'
    union all
    -- Each subscription counts by itself.
    select
        'base' as mark, "group", instance_id, order_id as customer, customer_number, true as is_only, order_id,
        1 as weight, started_at, ended_at
    from spans_grouped
    where method = 'revenuecat'
    union all
    select
        'join' as mark, first_group as "group", instance_id, customer, customer_number, is_only, last_order as order_id,
        1 as weight, started_at, null as ended_at
    from stays_counted
    where method in ('stripe', 'gumroad') and stay = 1
    union all
    select
        'exit' as mark, last_group as "group", instance_id, customer, customer_number, is_only, last_order as order_id,
        1 as weight,
        case when method = 'gumroad' then left_at else ended_at end as started_at,
        null as ended_at
    from stays_counted
    where
        method in ('stripe', 'gumroad', 'profitwell')
        and (ended_at is not null or (method = 'gumroad' and left_at is not null))
    union all
    select
        'exit' as mark, "group", instance_id, order_id as customer, customer_number, true as is_only, order_id,
        1 as weight, ended_at as started_at, null as ended_at
    from spans_grouped
    where method = 'revenuecat' and ended_at is not null
    union all
    select
        'exit' as mark, "group", instance_id, order_id as customer, customer_number, true as is_only, order_id,
        -1 as weight, started_at, null as ended_at
    from spans_again
    where method = 'revenuecat' and is_again

)

select * from marks_listed
