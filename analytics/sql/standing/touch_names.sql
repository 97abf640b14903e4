-- touch_names: the customers whose memberships may be others now: those that were gathered, and whose the touched
-- subscriptions were and are.
create or replace temp table touched_names as
select customer_number
from gathered_customers
union
select met_ids.customer_number
from met_ids
inner join begun_anew on entity_number_of('buyer', begun_anew.instance_id, begun_anew.buyer) = met_ids.number
union
select customer_number
from main.memberships
where entity_number in (select entity_number from known_entities)
