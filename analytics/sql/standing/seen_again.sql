-- seen_again: one row; whether any arriving row is here already, and whether one was known earlier than is told here.
select
    count(*) > 0,
    coalesce(bool_or(coming_rows.known_at < found_rows.known_at), false)
from coming_rows
inner join found_rows on found_rows.row_id = coming_rows.row_id
