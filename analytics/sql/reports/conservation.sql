-- conservation: one row per event topic; every offset below the committed one is in a row or a dead letter.
with

places_seen as (

    select distinct
        topic,
        partition,
        "offset",
        is_dead
    from sources
    where topic is not null

),

places_judged as (

    select
        places_seen.topic,
        places_seen.partition,
        places_seen."offset",
        bool_or(not places_seen.is_dead) as has_row,
        bool_and(places_seen.is_dead) as is_dead
    from places_seen
    inner join worker_samples
        on
            worker_samples.topic = places_seen.topic
            and worker_samples.partition = places_seen.partition
            and worker_samples.committed > places_seen."offset"
    group by all

),

places_counted as (

    select
        topic,
        count(*) filter (where has_row) as rows_found,
        count(*) filter (where is_dead) as dead
    from places_judged
    group by topic

),

committed_counted as (

    select
        topic,
        sum(coalesce(committed, 0)) as committed
    from worker_samples
    group by topic

),

effects_waited_for as (

    select
        sources.topic,
        count(distinct effects.effect_key) as missing_effects
    from effects
    inner join lifecycle_now
        on
            lifecycle_now.instance_id = effects.instance_id
            and lifecycle_now.entity_id = effects.effect_key
            and lifecycle_now.what = 'effect_due'
    inner join sources on sources.row_id = lifecycle_now.row_id
    where
        effects.outcome = 'open'
        and effects.due_known_at < $now - interval 10 minutes
        and chosen($site, effects.instance_id)
    group by sources.topic

)

select
    committed_counted.topic,
    committed_counted.committed,
    coalesce(places_counted.rows_found, 0) as rows,
    coalesce(places_counted.dead, 0) as dead,
    committed_counted.committed - coalesce(places_counted.rows_found, 0) - coalesce(places_counted.dead, 0) as missing,
    coalesce(effects_waited_for.missing_effects, 0) as missing_effects
from committed_counted
left join places_counted on places_counted.topic = committed_counted.topic
left join effects_waited_for on effects_waited_for.topic = committed_counted.topic
order by committed_counted.topic
