-- arriving_rows: each row id of the spool once, as it was first, at the earliest time it was known.
create or replace temp view arriving_rows as
select
    spooled.* exclude (is_trusted)
    replace (coalesce(repeated.first_known_at, spooled.known_at) as known_at)
from spooled
left join repeated on repeated.repeated_id = spooled.row_id
where spooled.is_trusted and (repeated.first_offset is null or repeated.first_offset = spooled.lifecycle_offset)
