-- pairs_changed: one row per pair of contact and member that the touched orders name now and did not (won), or did and
-- name no more; most batches have no more than pairs of new orders, and few of the latter kind.
create or replace temp table pairs_changed as
select
    instance_id,
    contact,
    member,
    count(*) filter (where is_now) > 0 as is_won
from (
    select
        instance_id,
        contact,
        member,
        true as is_now
    from named_now
    union
    select
        instance_id,
        contact,
        member,
        false as is_now
    from named_before
) as pairs_named
group by instance_id, contact, member
having count(*) = 1
