-- churn_difference: one row per customer whom one method counts as churned in the period and the other does not.
with

stays_to_the_end as (

    select *
    from customer_stays('end', 'paying', $now, null, $site, $currency)

),

stays_as_paid as (

    select *
    from customer_stays('paid', 'paying', $now, null, $site, $currency)

),

spans_chosen as not materialized (

    select *
    from customer_spans('paying', $now)
    where
        chosen($site, instance_id)
        and chosen($currency, currency)

),

stays_of_one as not materialized (

    select * from stays_to_the_end where $method <> 'profitwell'
    union all
    select * from stays_as_paid where $method = 'profitwell'

),

stays_of_other as not materialized (

    select * from stays_to_the_end where $other <> 'profitwell'
    union all
    select * from stays_as_paid where $other = 'profitwell'

),

marks_of_one as not materialized (

    select *
    from churn_marks('stays_of_one', 'spans_chosen', $method, 'none', $tz)

),

marks_of_other as not materialized (

    select *
    from churn_marks('stays_of_other', 'spans_chosen', $other, 'none', $tz)

),

counted_by_one as (

    select *
    from churned_customers('marks_of_one', $method, $tz, $start, $until, $now)

),

counted_by_other as (

    select *
    from churned_customers('marks_of_other', $other, $tz, $start, $until, $now)

),

differences as (

    select
        one.*,
        $method as counted_by,
        $other as missed_by
    from counted_by_one as one
    anti join counted_by_other as other on other.instance_id = one.instance_id and other.customer = one.customer
    union all
    select
        other.*,
        $other as counted_by,
        $method as missed_by
    from counted_by_other as other
    anti join counted_by_one as one on one.instance_id = other.instance_id and one.customer = other.customer

),

stays_joined as (

    select
        differences.*,
        stays.started_at,
        stays.ended_at,
        stays.asked_at,
        -- Who never asked left at the end.
        bucket_of(stays.started_at, 'month', $tz)
        = bucket_of(coalesce(nullif(stays.asked_at, timestamp '9999-01-01'), stays.ended_at), 'month', $tz)
            as is_within_a_month
    from differences
    left join stays_to_the_end as stays
        on
            stays.instance_id = differences.instance_id
            and stays.customer = differences.customer
            and stays.last_order = differences.order_id

)

-- Of a period that has not begun, the windows before its end tell nothing.
select
    customer,
    order_id,
    happened_at,
    counted_by,
    case
        when missed_by = 'chartmogul' and $start is null then 'nobody was a customer at the beginning of time'
        when missed_by = 'chartmogul' and started_at >= $start then 'became a customer within the period'
        when missed_by = 'chartmogul' and ended_at is null then 'asked to leave and is still a customer'
        when missed_by = 'chartmogul' and ended_at < $until then 'was a customer again at the end of the period'
        when missed_by = 'chartmogul' then 'was a customer at the end of the period'
        when missed_by = 'stripe' and ended_at is null then 'asked to leave and is still a customer'
        when missed_by = 'stripe' then 'left outside the 30 days before the end of the period'
        when missed_by = 'profitwell' and is_within_a_month then 'signed up and asked to leave in one calendar month'
        when missed_by = 'profitwell' and ended_at is null then 'asked to leave and is still a customer'
        when missed_by = 'profitwell' then 'what was paid ends in another calendar month'
        when missed_by = 'gumroad' then 'asked to leave outside the period'
    end as reason
from stays_joined
where $start is null or $start < $until
order by happened_at, customer, counted_by
