-- quota: one row per site and bucket: requests to Wix, how many it allows in that time, and how many had to wait.
with

minutes_told as (

    select
        instance_id,
        happened_at,
        try_cast(facts ->> '$.calls' as bigint) as calls,
        try_cast(facts ->> '$.limit' as bigint) as minute_limit,
        try_cast(facts ->> '$.parked' as bigint) as parked
    from lifecycle_now
    where
        kind = 'quota'
        and chosen($site, instance_id)
        and within(happened_at, $start, $until)

),

sites_listed as (

    select
        instance_id,
        arg_max(minute_limit, (happened_at, minute_limit)) as minute_limit
    from minutes_told
    group by instance_id

),

buckets_listed as (

    select
        buckets.bucket_start,
        sites_listed.instance_id,
        sites_listed.minute_limit
    from buckets(
        $start,
        coalesce($start, (select min(happened_at) from minutes_told), $until),
        $until,
        $grain,
        $tz
    ) as buckets
    cross join sites_listed

),

-- Each worker tells of its own requests: they add up, the limit is the site's and does not.
buckets_summed as (

    select
        instance_id,
        bucket_of(happened_at, $grain, $tz) as bucket_start,
        sum(calls) as calls,
        max(minute_limit) as minute_limit,
        sum(parked) as parked
    from minutes_told
    group by all

)

select
    buckets_listed.bucket_start,
    buckets_listed.instance_id as site,
    coalesce(buckets_summed.calls, 0) as calls,
    coalesce(buckets_summed.minute_limit, buckets_listed.minute_limit)
    * case $grain when 'hour' then 60 else 1 end as "limit",
    coalesce(buckets_summed.parked, 0) as parked
from buckets_listed
left join buckets_summed
    on
        buckets_summed.bucket_start = buckets_listed.bucket_start
        and buckets_summed.instance_id = buckets_listed.instance_id
order by buckets_listed.bucket_start, buckets_listed.instance_id
