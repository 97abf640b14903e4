-- link_buyers: the pairs among the gathered ids.
create or replace temp table touched_buyers as
select distinct
    kept.instance_id,
    kept.contact,
    kept.member
from main.buyers as kept
semi join gathered_ids
    on
        gathered_ids.instance_id = kept.instance_id
        and (gathered_ids.id = kept.contact)
union
select distinct
    kept.instance_id,
    kept.contact,
    kept.member
from main.buyers as kept
semi join gathered_ids
    on
        gathered_ids.instance_id = kept.instance_id
        and (gathered_ids.id = kept.member)
