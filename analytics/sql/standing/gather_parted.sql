-- gather_parted: all ids of the customers of the gathered ids.
create or replace temp table gathered_customers as
select
    kept.rowid as place,
    kept.instance_id,
    kept.id,
    kept.customer
from main.customers as kept
semi join gathered_ids on gathered_ids.instance_id = kept.instance_id and gathered_ids.id = kept.id
