-- buyers_before: the pairs of contact and member that the touched orders named so far.
create or replace temp table named_before as
select
    rowid as place,
    instance_id,
    contact,
    member
from main.buyers
where entity_number in (select entity_number from known_entities)
