-- known_earlier: a row seen again stays as it was first, at the earliest time it was known.
update main.lifecycle as kept
set known_at = again.known_at
from (
    select
        found_rows.place,
        coming_rows.known_at
    from coming_rows
    inner join found_rows on found_rows.row_id = coming_rows.row_id
    where coming_rows.known_at < found_rows.known_at
) as again
where kept.rowid = again.place
