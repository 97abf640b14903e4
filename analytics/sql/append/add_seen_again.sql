-- add_seen_again: every appearance is kept; those beside their rows are kept there. The offset guard makes each one new, so
-- that only the end of the log of rows has to be looked at.
insert into main.seen_again by name
select arriving.*
from arriving_sources as arriving
anti join (
    select
        lifecycle_partition,
        lifecycle_offset
    from main.lifecycle
    where lifecycle_offset >= (select min(lifecycle_offset) from arriving_sources)
) as added
    on
        added.lifecycle_partition = arriving.lifecycle_partition
        and added.lifecycle_offset = arriving.lifecycle_offset
