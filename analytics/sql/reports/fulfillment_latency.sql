-- fulfillment_latency: one row per order, with its bucket (and group) and how long its step took; a bucket without
-- orders is one row without an outcome. The figures of a bucket are made of these rows.
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

    select *
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

)

select
    case when $grain = 'none' then $start else buckets.bucket_start end as bucket_start,
    groups_listed."group",
    buckets.is_cut
    or ($grain <> 'none' and coalesce(buckets.bucket_start < groups_listed.observed_from, false)) as is_partial,
    durations.outcome,
    durations.hours
from buckets(
    $start,
    coalesce($start, (select min(counted_at) from durations_in_period), $until),
    $until,
    $grain,
    $tz
) as buckets
cross join groups_listed
left join durations_in_period as durations
    on
        durations.counted_at >= buckets.counts_from
        and durations.counted_at < buckets.counts_until
        and durations."group" is not distinct from groups_listed."group"
order by buckets.bucket_start, groups_listed."group", durations.hours
