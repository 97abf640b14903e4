-- meet_customers: who they were.
create or replace temp table met_ids as
select
    instance_id,
    id,
    customer
from main.customers
where number in (select entity_number_of('buyer', instance_id, id) from touched_ids)
