-- rows_until: of those entities, the rows that stood at as_of; the definitions beside this table read it. Columns that no
-- wanted one of them names are left empty: to read all columns of millions of rows takes most of the time.
create or replace temp table touched_rows as
select * replace ({unread})
from {schema}.lifecycle_now
where
    known_at < cast(getvariable('as_of') as timestamp)
    and entity_number in (select entity_number from touched_entities)
