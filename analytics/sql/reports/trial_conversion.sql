-- trial_conversion: one row per bucket: trials, and how many of them turned into paying subscriptions.
with

trials_dated as (

    select
        started_at,
        least(trial_ends_at, coalesce(ended_at, trial_ends_at)) as over_at,
        case
            when first_paid_at < $now and trial_ends_at < $now and coalesce(ended_at > trial_ends_at, true)
                then greatest(first_paid_at, trial_ends_at)
        end as converted_at,
        coalesce(ended_at < $now, false) as is_ended
    from subscriptions
    where
        trial_ends_at is not null
        and started_at < $until
        and chosen($site, instance_id)
        and chosen($currency, currency)

),

buckets_listed as (

    select
        bucket_start,
        counts_from,
        counts_until,
        is_cut
        or coalesce(
            bucket_start < (select min(observed_from) from sites where chosen($site, instance_id)), false
        ) as is_partial
    from buckets(
        $start,
        coalesce($start, (select min(started_at) from trials_dated), $until),
        $until,
        $grain,
        $tz
    )

)

select
    buckets_listed.bucket_start,
    count(*) filter (where is_trial_of_bucket) as trials,
    count(*) filter (where is_converted_of_bucket) as converted,
    count(*) filter (where is_trial_of_bucket and trials.converted_at is null and not trials.is_ended) as pending,
    count(*) filter (where is_converted_of_bucket) / nullif(count(*) filter (where is_trial_of_bucket), 0) as rate,
    buckets_listed.is_partial
from buckets_listed
left join lateral (
    select
        trials_dated.*,
        case
            when $method = 'chartmogul'
                then started_at >= buckets_listed.counts_from and started_at < buckets_listed.counts_until
            else
                over_at >= buckets_listed.counts_until - interval 30 days and over_at < buckets_listed.counts_until
        end as is_trial_of_bucket,
        case
            when $method = 'chartmogul'
                then
                    started_at >= buckets_listed.counts_from
                    and started_at < buckets_listed.counts_until
                    and converted_at is not null
            else
                coalesce(
                    converted_at >= buckets_listed.counts_until - interval 30 days
                    and converted_at < buckets_listed.counts_until,
                    false
                )
        end as is_converted_of_bucket
    from trials_dated
) as trials on trials.is_trial_of_bucket or trials.is_converted_of_bucket
group by buckets_listed.bucket_start, buckets_listed.is_partial
order by buckets_listed.bucket_start
