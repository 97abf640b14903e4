-- churned_customers: one row per customer whom a method counts as churned in a period, and what was counted.
create or replace macro churned_customers(method, population, zone, from_given, until_at, now_at, sites_chosen, currencies_chosen)
as table
with

marks as (

    select *
    from churn_marks(method, population, 'none', zone, now_at, sites_chosen, currencies_chosen)

),

period as (

    select
        case method
            when 'stripe' then until_at - interval 30 days
            when 'profitwell' then bucket_of(until_at - interval 1 microsecond, 'month', zone)
            else from_given
        end as from_at,
        case method
            when 'profitwell'
                then
                    least(
                        now_at,
                        instant_of(
                            local_time(bucket_of(until_at - interval 1 microsecond, 'month', zone), zone) + to_months(1),
                            zone
                        )
                    )
            else until_at
        end as ends_at

),

leavers as (

    select
        marks.instance_id,
        marks.customer,
        marks.order_id,
        marks.started_at as happened_at
    from marks
    inner join period on marks.started_at < period.ends_at and (period.from_at is null or marks.started_at >= period.from_at)
    where method <> 'chartmogul' and marks.mark = 'exit'
    union all
    select
        marks.instance_id,
        marks.customer,
        marks.order_id,
        marks.ended_at as happened_at
    from marks
    inner join period
        on
            marks.started_at < period.from_at
            and marks.ended_at >= period.from_at
            and marks.ended_at < period.ends_at
    where
        method = 'chartmogul'
        and marks.mark = 'base'
        and not exists (
            select 1
            from marks as later
            where
                later.mark = 'base'
                and later.instance_id = marks.instance_id
                and later.customer = marks.customer
                and later.started_at < period.ends_at
                and coalesce(later.ended_at >= period.ends_at, true)
        )

)

select
    instance_id,
    customer,
    max(happened_at) as happened_at,
    arg_max(order_id, happened_at) as order_id
from leavers
group by instance_id, customer
