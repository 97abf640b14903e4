-- sites: one row per site; `observed_from` is the earliest order loaded by reconcile, else when we first heard of it.
create or replace view sites as
select
    instance_id,
    installed_at,
    case when last_turn.what = 'removed' then removed_at end as removed_at,
    coalesce(first_order_at, first_event_at) as observed_from
from site_marks
