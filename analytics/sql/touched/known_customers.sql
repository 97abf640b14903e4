-- known_customers: one row per id of the customers that a batch touches.
create or replace view known_customers as
select *
from touched_customers
