-- touch_places: where arriving records lie, and the stretches known of those partitions.
create or replace temp table touched_places as
select distinct
    topic,
    partition,
    is_dead,
    "offset" as first_offset,
    "offset" + 1 as until_offset
from arriving_sources
where topic is not null
union
select
    kept.topic,
    kept.partition,
    kept.is_dead,
    kept.first_offset,
    kept.until_offset
from main.covered as kept
semi join arriving_sources
    on arriving_sources.topic = kept.topic and arriving_sources.partition = kept.partition
