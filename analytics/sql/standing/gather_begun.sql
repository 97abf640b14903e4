-- gather_begun: their subscriptions: those not touched are told by the memberships themselves.
create or replace temp table touched_subscriptions as
select *
from begun_anew
union all by name
select gathered.* exclude (place, customer, customer_number, is_only)
from gathered_memberships as gathered
anti join touched_entities as touched on touched.entity_number = gathered.entity_number
