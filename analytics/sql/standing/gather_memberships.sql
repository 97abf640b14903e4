-- gather_memberships: all memberships of those customers.
create or replace temp table gathered_memberships as
select
    kept.rowid as place,
    kept.*
from main.memberships as kept
semi join touched_names on touched_names.instance_id = kept.instance_id and touched_names.customer = kept.customer
