-- meet_customers: who they were.
create or replace temp table met_ids as
select
    instance_id,
    id,
    customer
from main.customers
where rowid in (
    select kept.rowid
    from main.customers as kept
    where kept.number in (select entity_number_of('buyer', instance_id, id) from touched_ids)
)
