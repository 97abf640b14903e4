-- covered: one row per unbroken stretch of offsets of a partition that rows (or dead letters) account for.
create or replace view covered as
with

places_compared as (

    select
        *,
        coalesce(
            max(until_offset) over (
                partition by topic, partition, is_dead
                order by first_offset, until_offset
                rows between unbounded preceding and 1 preceding
            ) < first_offset,
            true
        ) as is_begin
    from places

),

stretches_numbered as (

    select
        *,
        sum(case when is_begin then 1 else 0 end) over (
            partition by topic, partition, is_dead
            order by first_offset, until_offset
            rows between unbounded preceding and current row
        ) as stretch
    from places_compared

)

select
    topic,
    partition,
    is_dead,
    min(first_offset) as first_offset,
    max(until_offset) as until_offset
from stretches_numbered
group by topic, partition, is_dead, stretch
