-- worker_samples: one row per partition of an event topic, at the newest look that the ledger has caught up with.
-- What was committed then has its rows below the end of order-lifecycle then; before the ledger has read those,
-- they would look missing.
create or replace view worker_samples as
with

looks_taken as (

    select
        sampled_at,
        max(end_offset) filter (where topic = 'order-lifecycle') as lifecycle_end
    from samples
    where
        getvariable('as_of') is null
        or sampled_at < cast(getvariable('as_of') as timestamp)
    group by sampled_at

),

looks_caught_up as (

    select max(looks_taken.sampled_at) as sampled_at
    from looks_taken
    left join offsets on offsets.topic = 'order-lifecycle'
    where coalesce(looks_taken.lifecycle_end, 0) <= coalesce(offsets.next_offset, 0)

)

select
    samples.topic,
    samples.partition,
    samples.committed,
    samples.end_offset,
    samples.sampled_at
from samples
inner join looks_caught_up on looks_caught_up.sampled_at = samples.sampled_at
where samples.topic <> 'order-lifecycle'
