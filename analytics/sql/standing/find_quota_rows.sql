-- find_quota_rows: and the same quota rows, which no definition reads.
insert into found_rows by name
select
    kept.rowid as place,
    kept.row_id,
    kept.entity_number,
    kept.known_at,
    false as is_read
from main.lifecycle as kept
where kept.row_id in (select row_id from coming_rows where kind = 'quota')
