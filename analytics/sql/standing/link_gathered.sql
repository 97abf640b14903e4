-- link_gathered: the pairs that make them one: the new ones; and that the ids of a customer belong together is known, so
-- that none of the orders that told it is read: each contact goes with the customer's first member, and each member
-- with its first contact.
create or replace temp table touched_buyers as
select
    instance_id,
    contact,
    member
from pairs_linking
union
select
    instance_id,
    case when is_contact then id else min(id) filter (where is_contact) over of_one end as contact,
    case when not is_contact then id else min(id) filter (where not is_contact) over of_one end as member
from (
    select
        *,
        starts_with(id, 'contact ') as is_contact
    from gathered_customers
) as ids_told_apart
window of_one as (partition by instance_id, customer)
