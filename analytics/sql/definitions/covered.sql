-- covered: one row per unbroken stretch of offsets of a partition that rows (or dead letters) account for.
create or replace view covered as
with

-- Most places are one offset. 64 of them are the bits of one number, so that few numbers are compared, not millions.
offsets_counted as (

    select
        topic,
        partition,
        is_dead,
        first_offset // 64 * 64 as first_offset,
        bit_or(1::ubigint << (first_offset % 64)::ubigint) as bits
    from places
    where until_offset = first_offset + 1 and first_offset >= 0
    group by all

),

places_listed as (

    select
        topic,
        partition,
        is_dead,
        first_offset,
        first_offset + 64 as until_offset
    from offsets_counted
    where bits = 18446744073709551615
    union all
    select
        topic,
        partition,
        is_dead,
        first_offset + place as first_offset,
        first_offset + place + 1 as until_offset
    from offsets_counted
    cross join range(64) as places_of_64 (place)
    where bits <> 18446744073709551615 and (bits >> place::ubigint) & 1 = 1
    union all
    select
        topic,
        partition,
        is_dead,
        first_offset,
        until_offset
    from places
    where until_offset <> first_offset + 1 or first_offset < 0

),

places_compared as (

    select
        *,
        max(until_offset) over (
            partition by topic, partition, is_dead
            order by first_offset, until_offset
            rows between unbounded preceding and 1 preceding
        ) as reached_before,
        max(until_offset) over (partition by topic, partition, is_dead) as reached_at_last
    from places_listed

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
