-- pipeline: one row for this moment, or one per minute. End to end looks back a quarter of an hour, the pace a minute.
with

events_known as (

    select
        event_id,
        min(happened_at) as happened_at,
        min(known_at) as known_at
    from lifecycle_now
    where is_from_event and chosen($site, instance_id)
    group by instance_id, event_id

),

alarms_known as (

    select
        'unrecognized' as alarm,
        known_at
    from lifecycle_now
    where kind = 'unrecognized' and chosen($site, instance_id)
    union all
    select
        'failed' as alarm,
        changed_at as known_at
    from effects
    where outcome = 'failed' and chosen($site, instance_id)
    union all
    select
        'dead' as alarm,
        first_at as known_at
    from dead_letters
    where redriven_at is null and chosen($site, instance_id)

),

moments_listed as (

    select
        $until as shown_at,
        $until as until_at,
        coalesce($start, $until - interval 15 minutes) as delays_from,
        $until - interval 1 minute as pace_from
    where $grain = 'none'
    union all
    select
        bucket_start as shown_at,
        counts_until as until_at,
        counts_from as delays_from,
        counts_from as pace_from
    from buckets($start, coalesce($start, $until - interval 1 hour), $until, 'minute', $tz)
    where $grain = 'minute'

),

looks_summed as (

    select
        sampled_at,
        sum(end_offset - coalesce(committed, 0)) as behind
    from samples
    where topic <> 'order-lifecycle'
    group by sampled_at

),

lag_found as (

    select
        moments_listed.shown_at,
        arg_max(looks_summed.behind, looks_summed.sampled_at) as behind
    from moments_listed
    inner join looks_summed on looks_summed.sampled_at <= moments_listed.until_at
    group by moments_listed.shown_at

),

alarms_counted as (

    select
        moments_listed.shown_at,
        count(*) filter (where alarms_known.alarm = 'dead') as dead_letters,
        count(*) filter (where alarms_known.alarm = 'failed') as failed_effects,
        count(*) filter (where alarms_known.alarm = 'unrecognized') as unrecognized
    from moments_listed
    inner join alarms_known on alarms_known.known_at <= moments_listed.until_at
    group by moments_listed.shown_at

),

events_measured as (

    select
        moments_listed.shown_at,
        max(events_known.happened_at) as newest_event_at,
        date_diff('microsecond', max(events_known.known_at), any_value(moments_listed.until_at)) / 1000000.0
            as freshness_seconds,
        quantile_disc(
            date_diff('microsecond', events_known.happened_at, events_known.known_at) / 1000000.0, 0.5
        ) filter (where events_known.known_at >= moments_listed.delays_from) as end_to_end_p50_seconds,
        quantile_disc(
            date_diff('microsecond', events_known.happened_at, events_known.known_at) / 1000000.0, 0.95
        ) filter (where events_known.known_at >= moments_listed.delays_from) as end_to_end_p95_seconds,
        count(*) filter (where events_known.known_at >= moments_listed.pace_from) / 60.0 as events_per_second
    from moments_listed
    inner join events_known on events_known.known_at <= moments_listed.until_at
    group by moments_listed.shown_at

)

select
    moments_listed.shown_at as "at",
    events_measured.newest_event_at,
    events_measured.freshness_seconds,
    events_measured.end_to_end_p50_seconds,
    events_measured.end_to_end_p95_seconds,
    coalesce(events_measured.events_per_second, 0) as events_per_second,
    lag_found.behind as lag,
    coalesce(alarms_counted.dead_letters, 0) as dead_letters,
    coalesce(alarms_counted.failed_effects, 0) as failed_effects,
    coalesce(alarms_counted.unrecognized, 0) as unrecognized
from moments_listed
left join events_measured on events_measured.shown_at = moments_listed.shown_at
left join lag_found on lag_found.shown_at = moments_listed.shown_at
left join alarms_counted on alarms_counted.shown_at = moments_listed.shown_at
order by moments_listed.shown_at
