-- gather_memberships: all memberships of those customers.
create or replace temp table gathered_memberships as
select
    kept.rowid as place,
    kept.*
from main.memberships as kept
where kept.rowid in (
    select members.rowid
    from main.memberships as members
    where members.customer_number in (select customer_number from touched_names)
)
