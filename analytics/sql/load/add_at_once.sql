-- add_at_once: the log of rows gains all that a spool holds, as it is read.
insert into main.lifecycle by name
select
    * exclude (is_trusted),
    entity_number_of(kind, instance_id, entity_id) as entity_number,
    true as stands
from ({rows_read})
where is_trusted
