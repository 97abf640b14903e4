-- pipeline: one row for this moment, or one per minute. End to end looks back a quarter of an hour, the pace a minute.
with

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
    -- Minutes are listed before anybody asks whether they are wanted: for the present alone, one hour of them.
    from buckets(
        $start,
        coalesce(case when $grain = 'minute' then $start end, $until - interval 1 hour),
        $until,
        'minute',
        $tz
    )
    where $grain = 'minute'

),

-- Rows of one event are written together: whoever was first among them was so within the hour.
rows_around as (

    select
        instance_id,
        event_id,
        happened_at,
        known_at
    from lifecycle_now
    where
        is_from_event
        and chosen($site, instance_id)
        and known_at >= seen_from($grain, $start, $until) - interval 1 hour

),

events_seen as (

    select
        min(happened_at) as happened_at,
        min(known_at) as known_at
    from rows_around
    group by instance_id, event_id
    having min(known_at) >= seen_from($grain, $start, $until)

),

rows_before as not materialized (

    select
        happened_at,
        known_at
    from lifecycle_now
    where
        is_from_event
        and chosen($site, instance_id)
        and known_at < seen_from($grain, $start, $until)

),

-- The last of millions lies among the last: the parts of the table that can't hold it are not read.
seen_before as (

    select
        max(happened_at) as happened_at,
        max(known_at) as known_at
    from (
        (select * from rows_before order by happened_at desc limit 1)
        union all
        (select * from rows_before order by known_at desc limit 1)
    ) as last_of_both

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
    inner join looks_summed
        on
            looks_summed.sampled_at <= moments_listed.until_at
            -- A minute in which nobody looked is a gap; the present is what was seen last.
            and ($grain = 'none' or looks_summed.sampled_at >= moments_listed.pace_from)
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

moments_measured as (

    select
        moments_listed.shown_at,
        max(events_seen.happened_at) as happened_at,
        max(events_seen.known_at) as known_at,
        quantile_disc(
            date_diff('microsecond', events_seen.happened_at, events_seen.known_at) / 1000000.0, [0.5, 0.95]
        ) filter (where events_seen.known_at >= moments_listed.delays_from) as end_to_end_seconds,
        count(*) filter (where events_seen.known_at >= moments_listed.pace_from) / 60.0 as events_per_second
    from moments_listed
    inner join events_seen
        on
            events_seen.known_at >= least(moments_listed.delays_from, moments_listed.pace_from)
            and events_seen.known_at <= moments_listed.until_at
    group by moments_listed.shown_at

),

events_measured as (

    select
        moments_listed.shown_at,
        greatest(seen_before.happened_at, max(measured.happened_at) over so_far) as newest_event_at,
        date_diff(
            'microsecond', greatest(seen_before.known_at, max(measured.known_at) over so_far), moments_listed.until_at
        ) / 1000000.0 as freshness_seconds,
        measured.end_to_end_seconds[1] as end_to_end_p50_seconds,
        measured.end_to_end_seconds[2] as end_to_end_p95_seconds,
        measured.events_per_second
    from moments_listed
    cross join seen_before
    left join moments_measured as measured on measured.shown_at = moments_listed.shown_at
    window so_far as (order by moments_listed.until_at)

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
