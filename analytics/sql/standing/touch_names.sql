-- touch_names: the customers whose memberships may be others now: those that were gathered, and whose the touched
-- subscriptions were and are.
create or replace temp table touched_names as
select entity_number_of('customer', instance_id, customer) as customer_number
from gathered_customers
union
select entity_number_of('customer', met_ids.instance_id, met_ids.customer) as customer_number
from met_ids
semi join begun_anew on begun_anew.instance_id = met_ids.instance_id and begun_anew.buyer = met_ids.id
union
select kept.customer_number
from main.memberships as kept
where kept.entity_number in (select entity_number from known_entities)
