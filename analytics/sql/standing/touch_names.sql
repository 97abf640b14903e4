-- touch_names: the customers whose memberships may be others now: those that were gathered, and whose the touched
-- subscriptions were and are.
create or replace temp table touched_names as
select
    instance_id,
    customer
from gathered_customers
union
select
    met_ids.instance_id,
    met_ids.customer
from met_ids
semi join begun_anew on begun_anew.instance_id = met_ids.instance_id and begun_anew.buyer = met_ids.id
union
select
    kept.instance_id,
    kept.customer
from main.memberships as kept
semi join known_entities as known
    on
        known.family = 'subscription'
        and known.instance_id = kept.instance_id
        and known.entity_id = kept.order_id
