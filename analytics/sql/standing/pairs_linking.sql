-- pairs_linking: the won pairs that tell more than is known: an id not seen before, or two customers that are one.
create or replace temp table pairs_linking as
select
    pairs.instance_id,
    pairs.contact,
    pairs.member
from pairs_changed as pairs
left join met_ids as contacts on contacts.instance_id = pairs.instance_id and contacts.id = pairs.contact
left join met_ids as members on members.instance_id = pairs.instance_id and members.id = pairs.member
where
    (pairs.contact is not null and contacts.customer is null)
    or (pairs.member is not null and members.customer is null)
    or contacts.customer <> members.customer
