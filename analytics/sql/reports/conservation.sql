-- conservation: one row per event topic; every offset below the committed one is in a row or a dead letter.
with

stretches_committed as (

    select
        covered.topic,
        covered.partition,
        covered.is_dead,
        covered.first_offset,
        least(covered.until_offset, worker_samples.committed) as until_offset
    from covered
    inner join worker_samples
        on
            worker_samples.topic = covered.topic
            and worker_samples.partition = covered.partition
            and worker_samples.committed > covered.first_offset

),

-- A record that was redriven is in a row as well as dead: it counts as a row.
dead_and_told as (

    select
        dead.topic,
        sum(
            least(dead.until_offset, told.until_offset) - greatest(dead.first_offset, told.first_offset)
        ) as records
    from stretches_committed as dead
    inner join stretches_committed as told
        on
            told.topic = dead.topic
            and told.partition = dead.partition
            and not told.is_dead
            and told.first_offset < dead.until_offset
            and told.until_offset > dead.first_offset
    where dead.is_dead
    group by dead.topic

),

stretches_summed as (

    select
        topic,
        coalesce(sum(until_offset - first_offset) filter (where not is_dead), 0) as rows_found,
        coalesce(sum(until_offset - first_offset) filter (where is_dead), 0) as dead_found
    from stretches_committed
    group by topic

),

places_counted as (

    select
        stretches_summed.topic,
        stretches_summed.rows_found,
        stretches_summed.dead_found - coalesce(dead_and_told.records, 0) as dead
    from stretches_summed
    left join dead_and_told on dead_and_told.topic = stretches_summed.topic

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
        -- What no event made due was found in Wix's lists: those come by this topic.
        coalesce(sources.topic, 'snapshots') as topic,
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
    group by all

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
