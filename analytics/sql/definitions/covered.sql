-- covered: one row per unbroken stretch of offsets of a partition that rows (or dead letters) account for.
create or replace view covered as
with

places_compared as (

    select
        *,
        max(until_offset) over (
            partition by topic, partition, is_dead
            order by first_offset, until_offset
            rows between unbounded preceding and 1 preceding
        ) as reached_before,
        max(until_offset) over (partition by topic, partition, is_dead) as reached_at_last
    from places

),

-- Few places begin a stretch: what was reached before the next one is where it ends.
stretches_begun as (

    select *
    from places_compared
    where reached_before is null or reached_before < first_offset

)

select
    topic,
    partition,
    is_dead,
    first_offset,
    coalesce(
        lead(reached_before) over (
            partition by topic, partition, is_dead
            order by first_offset
        ),
        reached_at_last
    ) as until_offset
from stretches_begun
