-- fulfillment_latency: one row per order, with its bucket (and group) and how long its step took; a bucket without
-- orders is one row without hours. The figures of a bucket are made of these rows.
with

durations_chosen as (

    select
        case when $by = 'site' then instance_id end as "group",
        case $basis when 'finish' then second_at else first_at end as counted_at,
        outcome,
        hours
    from step_durations($step, $now)
    where
        chosen($site, instance_id)
        and chosen($currency, currency)
        and ($basis = 'start' or outcome = 'finished')

),

durations_in_period as (

    select
        *,
        quarter_of(counted_at) as quarter_start
    from durations_chosen
    where within(counted_at, $start, $until)

),

groups_listed as (

    select
        case when $by = 'site' then instance_id end as "group",
        min(observed_from) as observed_from
    from sites
    where chosen($site, instance_id)
    group by all

),

buckets_listed as (

    select
        buckets.bucket_start,
        groups_listed."group",
        buckets.is_cut
        or ($grain <> 'none' and coalesce(buckets.bucket_start < groups_listed.observed_from, false)) as is_partial,
        row_number() over (order by buckets.bucket_start, groups_listed."group") as bucket_number
    from buckets(
        $start,
        coalesce($start, (select min(counted_at) from durations_in_period), $until),
        $until,
        $grain,
        $tz
    ) as buckets
    cross join groups_listed

),

quarters_listed as (

    select distinct
        quarter_start,
        "group"
    from durations_in_period

),

quarters_numbered as (

    select
        quarters_listed.quarter_start,
        quarters_listed."group",
        buckets_listed.bucket_number
    from quarters_listed
    inner join buckets_listed
        on
            buckets_listed."group" is not distinct from quarters_listed."group"
            and (
                $grain = 'none'
                or buckets_listed.bucket_start = bucket_of(quarters_listed.quarter_start, $grain, $tz)
            )

),

durations_numbered as (

    select
        quarters_numbered.bucket_number,
        durations_in_period.outcome,
        durations_in_period.hours
    from durations_in_period
    inner join quarters_numbered
        on
            quarters_numbered.quarter_start = durations_in_period.quarter_start
            and quarters_numbered."group" is not distinct from durations_in_period."group"

)

select
    buckets_listed.bucket_number,
    case when $grain = 'none' then $start else buckets_listed.bucket_start end as bucket_start,
    buckets_listed."group",
    buckets_listed.is_partial,
    coalesce(durations.outcome = 'finished', false) as is_finished,
    coalesce(durations.outcome = 'open', false) as is_open,
    coalesce(durations.outcome = 'canceled', false) as is_canceled,
    cast(durations.hours as double) as hours
from buckets_listed
left join durations_numbered as durations on durations.bucket_number = buckets_listed.bucket_number
order by buckets_listed.bucket_number, durations.hours
