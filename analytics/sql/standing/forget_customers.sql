-- forget_customers: who the gathered ids were.
delete from main.customers as kept
using gathered_ids
where gathered_ids.instance_id = kept.instance_id and gathered_ids.id = kept.id
