-- link_buyers_then: the pairs of contact and member among the gathered ids that orders named at as_of.
create or replace temp table touched_buyers as
select distinct
    named.instance_id,
    named.contact,
    named.member
from temp.buyers as named
semi join gathered_ids on gathered_ids.instance_id = named.instance_id and gathered_ids.id = coalesce(named.contact, named.member)
