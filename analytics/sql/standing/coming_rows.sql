-- coming_rows: the rows of a batch as the log of rows is to have them.
create or replace temp table coming_rows as
select
    *,
    entity_number_of(kind, instance_id, entity_id) as entity_number,
    true as stands
from {arriving}
