-- churn_period: the one stretch of time that a method of counting churn looks at, where a period is asked for: Stripe at
-- the thirty days before its end, ProfitWell at the calendar month of its last moment, all others at the period itself.
create or replace macro churn_period(method, zone, from_given, until_at, now_at) as table
select
    1 as number,
    null as "group",
    case method
        when 'stripe' then until_at - interval 30 days
        when 'profitwell' then bucket_of(until_at - interval 1 microsecond, 'month', zone)
        else from_given
    end as from_at,
    case
        when method <> 'profitwell' then until_at
        else
            least(
                now_at,
                instant_of(
                    local_time(bucket_of(until_at - interval 1 microsecond, 'month', zone), zone) + to_months(1),
                    zone
                )
            )
    end as until_at
