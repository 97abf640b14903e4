-- buyers: one row per pair of contact and member that the events of one order named.
create or replace view buyers as
select distinct
    family_of(kind) as family,
    entity_number,
    instance_id,
    entity_id,
    'contact ' || contact_id as contact,
    'member ' || member_id as member
from lifecycle_now
where
    is_from_event
    and kind in ('subscription', 'store_order')
    and (contact_id is not null or member_id is not null)
