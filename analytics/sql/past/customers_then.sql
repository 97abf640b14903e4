-- customers_then: who was one customer at as_of: the gathered ids anew, all others as they are now.
create temp table customers as
select *
from main.customers as kept
anti join gathered_ids on gathered_ids.instance_id = kept.instance_id and gathered_ids.id = kept.id
union all by name
select *
from touched.customers
