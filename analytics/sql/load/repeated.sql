-- repeated: one row per row id that the spool has more than once.
create or replace temp table repeated as
select
    row_id as repeated_id,
    min(lifecycle_offset) as first_offset,
    min(known_at) as first_known_at
from spooled
where is_trusted
group by row_id
having count(*) > 1
