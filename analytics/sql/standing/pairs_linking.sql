-- pairs_linking: the won pairs that tell more than is known: an id not seen before, or two customers that are one.
create or replace temp table pairs_linking as
select
    pairs.instance_id,
    pairs.contact,
    pairs.member,
    contacts.customer_number as contact_of,
    members.customer_number as member_of
from pairs_changed as pairs
left join met_ids as contacts on contacts.number = entity_number_of('buyer', pairs.instance_id, pairs.contact)
left join met_ids as members on members.number = entity_number_of('buyer', pairs.instance_id, pairs.member)
where
    (pairs.contact is not null and contacts.number is null)
    or (pairs.member is not null and members.number is null)
    or contacts.customer_number <> members.customer_number
