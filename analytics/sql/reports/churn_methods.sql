-- churn_methods: one row per method of counting churn, over the period (or the window that the method looks at). A period
-- that has not begun has nobody at its start, and no window before its end.
with

stays_to_the_end as (

    select *
    from customer_stays('end', $population, $now, null, $site, $currency)

),

stays_as_paid as (

    select *
    from customer_stays('paid', $population, $now, null, $site, $currency)

),

spans_chosen as not materialized (

    select *
    from customer_spans($population, $now)
    where
        chosen($site, instance_id)
        and chosen($currency, currency)

),

chartmogul_marks as not materialized (

    select *
    from churn_marks('stays_to_the_end', 'spans_chosen', 'chartmogul', 'none', $tz)

),

stripe_marks as not materialized (

    select *
    from churn_marks('stays_to_the_end', 'spans_chosen', 'stripe', 'none', $tz)

),

profitwell_marks as not materialized (

    select *
    from churn_marks('stays_as_paid', 'spans_chosen', 'profitwell', 'none', $tz)

),

revenuecat_marks as not materialized (

    select *
    from churn_marks('stays_to_the_end', 'spans_chosen', 'revenuecat', 'none', $tz)

),

gumroad_marks as not materialized (

    select *
    from churn_marks('stays_to_the_end', 'spans_chosen', 'gumroad', 'none', $tz)

),

chartmogul_period as (

    select *
    from churn_period('chartmogul', $tz, $start, $until, $now)

),

stripe_period as (

    select *
    from churn_period('stripe', $tz, $start, $until, $now)

),

profitwell_period as (

    select *
    from churn_period('profitwell', $tz, $start, $until, $now)

),

revenuecat_period as (

    select *
    from churn_period('revenuecat', $tz, $start, $until, $now)

),

gumroad_period as (

    select *
    from churn_period('gumroad', $tz, $start, $until, $now)

),

methods_counted as (

    select
        0 as place,
        'chartmogul' as method,
        numerator,
        base,
        'of the customers at the start of the period, those who were none at its end' as definition
    from churn_counts('chartmogul_period', 'chartmogul_marks', 'chartmogul', 'none')
    union all
    select
        1 as place,
        'stripe' as method,
        numerator,
        base,
        'churns in the 30 days before the end, of the customers 30 days before and those new since' as definition
    from churn_counts('stripe_period', 'stripe_marks', 'stripe', 'none')
    union all
    select
        2 as place,
        'profitwell' as method,
        numerator,
        base,
        'customers whose paid time ended in the calendar month, of those at its start' as definition
    from churn_counts('profitwell_period', 'profitwell_marks', 'profitwell', 'none')
    union all
    select
        3 as place,
        'revenuecat' as method,
        numerator,
        base,
        'subscriptions ended less subscriptions begun again, of those running at the start' as definition
    from churn_counts('revenuecat_period', 'revenuecat_marks', 'revenuecat', 'none')
    union all
    select
        4 as place,
        'gumroad' as method,
        numerator,
        base,
        'customers who asked to leave or left in the period, of those at its start and the new ones' as definition
    from churn_counts('gumroad_period', 'gumroad_marks', 'gumroad', 'none')

)

select
    method,
    case when $start >= $until then 0 else numerator end as numerator,
    case when $start >= $until then 0 else base end as base,
    case when $start >= $until then null else numerator / nullif(base, 0) end as rate,
    definition
from methods_counted
order by place
