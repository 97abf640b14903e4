-- first_seen: of a table of rows, where each was seen first, as `seen_again` has it of other times.
create or replace macro first_seen(rows_of) as table
select
    row_id,
    source_topic as topic,
    source_partition as partition,
    source_offset as "offset",
    kind = 'dead_letter' as is_dead,
    lifecycle_topic_id,
    lifecycle_partition,
    lifecycle_offset
from query_table(rows_of)
