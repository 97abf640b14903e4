-- forget_memberships: whose the gathered subscriptions were, and the touched ones.
delete from main.memberships as kept
using (
    select instance_id, order_id
    from touched_subscriptions
    union
    select instance_id, entity_id as order_id
    from touched_entities
    where family = 'subscription'
) as gone
where gone.instance_id = kept.instance_id and gone.order_id = kept.order_id
