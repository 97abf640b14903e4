-- arriving_sources: every appearance of a row in the spool.
create or replace temp view arriving_sources as
select
    row_id,
    source_topic as topic,
    source_partition as partition,
    source_offset as "offset",
    kind = 'dead_letter' as is_dead,
    lifecycle_topic_id,
    lifecycle_partition,
    lifecycle_offset
from spooled
where is_trusted
