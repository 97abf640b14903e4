-- new_rows: the arriving rows that are not here yet.
create or replace temp table new_rows as
select *
from coming_rows
anti join found_rows on found_rows.row_id = coming_rows.row_id
