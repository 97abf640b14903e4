-- lifecycle_now: one row per row that stands of the entities that a batch touches.
create or replace view lifecycle_now as
select *
from touched_rows
