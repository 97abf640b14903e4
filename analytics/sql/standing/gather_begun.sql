-- gather_begun: their subscriptions: those not touched are told by the memberships themselves.
create or replace temp table touched_subscriptions as
select *
from begun_anew
union all by name
select gathered.* exclude (place, customer, is_only)
from gathered_memberships as gathered
anti join touched_entities as touched
    on
        touched.family = 'subscription'
        and touched.instance_id = gathered.instance_id
        and touched.entity_id = gathered.order_id
