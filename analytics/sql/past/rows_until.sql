-- rows_until: of those entities, the rows that stood at as_of; the definitions beside this view read it. It is not copied:
-- each definition reads the columns it needs where they lie.
create or replace temp view touched_rows as
select *
from history.lifecycle_now
where entity_number in (select entity_number from touched_entities)
