-- gather_subscriptions: those of the gathered customers, and the touched ones of nobody known.
create or replace temp table touched_subscriptions as
select begun.*
from main.begun_subscriptions as begun
semi join gathered_ids on gathered_ids.instance_id = begun.instance_id and gathered_ids.id = begun.buyer
union all
select begun.*
from main.begun_subscriptions as begun
semi join touched_entities as touched
    on
        touched.family = 'subscription'
        and touched.instance_id = begun.instance_id
        and touched.entity_id = begun.order_id
where begun.buyer is null
