-- meet_customers: who they were.
create or replace temp table met_ids as
select
    kept.instance_id,
    kept.id,
    kept.customer
from main.customers as kept
semi join touched_ids on touched_ids.instance_id = kept.instance_id and touched_ids.id = kept.id
