-- note_places: one row per partition that records arrived from: from where to where, and whether they go on where a known
-- stretch ends, or lie in it, with nothing missing between.
create or replace temp table noted_places as
select
    arriving.topic,
    arriving.partition,
    arriving.is_dead,
    arriving.first_offset,
    arriving.until_offset,
    any_value(arriving.offsets) = arriving.until_offset - arriving.first_offset
    and count(kept.topic) = 1
    and min(kept.first_offset) <= arriving.first_offset as goes_on
from (
    select
        topic,
        partition,
        is_dead,
        min("offset") as first_offset,
        max("offset") + 1 as until_offset,
        -- Of a few hundred numbers this is quicker than to count the distinct ones.
        list_unique(list("offset")) as offsets
    from arriving_sources
    where topic is not null
    group by topic, partition, is_dead
) as arriving
left join main.covered as kept
    on
        kept.topic = arriving.topic
        and kept.partition = arriving.partition
        and kept.is_dead = arriving.is_dead
        and kept.first_offset <= arriving.until_offset
        and kept.until_offset >= arriving.first_offset
group by
    arriving.topic,
    arriving.partition,
    arriving.is_dead,
    arriving.first_offset,
    arriving.until_offset
