-- gather_customers: the touched ids, and all ids that were one customer with them.
create or replace temp table gathered_ids as
select
    instance_id,
    id
from touched_ids
where id is not null
union
select
    kept.instance_id,
    kept.id
from main.customers as kept
semi join (
    select
        known.instance_id,
        known.customer
    from main.customers as known
    semi join touched_ids on touched_ids.instance_id = known.instance_id and touched_ids.id = known.id
) as met on met.instance_id = kept.instance_id and met.customer = kept.customer
