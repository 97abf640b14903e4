-- person: one row per order of a contact or member: who bought it, and where.
select distinct
    instance_id as site,
    entity_id as order_id,
    contact_id,
    member_id
from lifecycle_now
where
    kind in ('subscription', 'store_order')
    and (contact_id = $id or member_id = $id)
    and ($site is null or instance_id = $site)
order by site, order_id
