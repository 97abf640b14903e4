-- fulfillment_by_hour: one row per weekday (1 is Monday) and hour of the day of a step's first milestone, in the zone.
with

durations_chosen as (

    select
        quarter_of(first_at) as quarter_start,
        outcome,
        hours
    from step_durations($step, $now)
    where
        chosen($site, instance_id)
        and chosen($currency, currency)
        and within(first_at, $start, $until)

),

quarters_read as (

    select
        quarter_start,
        local_time(quarter_start, $tz) as wall_at
    from (select distinct quarter_start from durations_chosen) as quarters

),

hours_listed as (

    select
        weekdays.weekday,
        hours.hour
    from (select unnest(range(1, 8)) as weekday) as weekdays
    cross join (select unnest(range(0, 24)) as hour) as hours

)

select
    hours_listed.weekday,
    hours_listed.hour,
    count(durations.outcome) as orders,
    quantile_disc(durations.hours, 0.5) filter (where durations.outcome = 'finished') as p50_hours
from hours_listed
left join (
    select
        isodow(quarters_read.wall_at) as weekday,
        hour(quarters_read.wall_at) as hour,
        durations_chosen.outcome,
        durations_chosen.hours
    from durations_chosen
    inner join quarters_read on quarters_read.quarter_start = durations_chosen.quarter_start
) as durations on durations.weekday = hours_listed.weekday and durations.hour = hours_listed.hour
group by hours_listed.weekday, hours_listed.hour
order by hours_listed.weekday, hours_listed.hour
