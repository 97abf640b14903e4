-- cohorts: one row per month in which customers (or their revenue) first came, and age in months: how much is left.
with

spans_chosen as (

    select
        spans.instance_id,
        memberships.customer,
        memberships.is_only,
        spans.currency,
        spans.mrr,
        spans.began_at,
        case when spans.ended_at < $until then spans.ended_at end as ended_at
    from subscription_spans as spans
    inner join memberships
        on
            memberships.instance_id = spans.instance_id
            and memberships.order_id = spans.order_id
    where
        spans.is_paying
        and spans.began_at < $until
        and chosen($site, spans.instance_id)
        and chosen($currency, spans.currency)
        and ($plan is null or memberships.plan_id = $plan or memberships.plan = $plan)

),

customers_begun as (

    select
        instance_id,
        customer,
        min(began_at) as first_at,
        arg_min(mrr, began_at) as first_mrr
    from spans_chosen
    group by instance_id, customer

),

quarters_listed as (

    select
        quarter_start,
        bucket_of(quarter_start, 'month', $tz) as cohort_month
    from (select distinct quarter_of(first_at) as quarter_start from customers_begun) as quarters

),

members_placed as (

    select
        customers_begun.*,
        quarters_listed.cohort_month
    from customers_begun
    inner join quarters_listed on quarters_listed.quarter_start = quarter_of(customers_begun.first_at)
    where within(customers_begun.first_at, $start, $until)

),

cohorts_sized as (

    select
        cohort_month,
        case when $by = 'mrr' then sum(first_mrr) else count(*) end as size
    from members_placed
    group by cohort_month

),

-- A cell is shown once the month has ended.
cells_listed as (

    select
        cohorts_sized.cohort_month,
        cohorts_sized.size,
        ages.age_months,
        instant_of(local_time(cohorts_sized.cohort_month, $tz) + to_months(ages.age_months + 1), $tz) as looked_at
    from cohorts_sized
    cross join (select cast(unnest(range(0, 240)) as integer) as age_months) as ages
    where
        instant_of(local_time(cohorts_sized.cohort_month, $tz) + to_months(ages.age_months + 1), $tz) <= $until

),

cells_counted as (

    select
        cells_listed.cohort_month,
        cells_listed.age_months,
        case
            when $by = 'mrr' then sum(spans.mrr)
            else
                count(*) filter (where spans.is_only)
                + count(distinct (spans.instance_id, spans.customer)) filter (where not spans.is_only)
        end as active
    from cells_listed
    inner join members_placed as members on members.cohort_month = cells_listed.cohort_month
    inner join spans_chosen as spans
        on
            spans.instance_id = members.instance_id
            and spans.customer = members.customer
            and spans.began_at < cells_listed.looked_at
            and coalesce(spans.ended_at >= cells_listed.looked_at, true)
    group by cells_listed.cohort_month, cells_listed.age_months

)

select
    cells_listed.cohort_month,
    cells_listed.size,
    cells_listed.age_months,
    coalesce(cells_counted.active, 0) as active,
    coalesce(cells_counted.active, 0) / nullif(cells_listed.size, 0) as share,
    (select count(distinct currency) from spans_chosen) as currencies
from cells_listed
left join cells_counted
    on
        cells_counted.cohort_month = cells_listed.cohort_month
        and cells_counted.age_months = cells_listed.age_months
order by cells_listed.cohort_month, cells_listed.age_months
