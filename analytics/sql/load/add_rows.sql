-- add_rows: rows that the ledger has not, without looking for each of them again.
insert into main.lifecycle by name
select
    *,
    entity_number_of(kind, instance_id, entity_id) as entity_number,
    true as stands
from {arriving}
