-- gather_ids: the touched ids, and all ids that were one customer with them.
create or replace temp table gathered_ids as
select
    instance_id,
    id
from touched_ids
union
select
    instance_id,
    id
from gathered_customers
