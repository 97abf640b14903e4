-- first_seen: one row per row of the log of rows; where it was seen first.
create or replace view first_seen as
select
    row_id,
    source_topic as topic,
    source_partition as partition,
    source_offset as "offset",
    kind = 'dead_letter' as is_dead,
    lifecycle_topic_id,
    lifecycle_partition,
    lifecycle_offset
from main.lifecycle
