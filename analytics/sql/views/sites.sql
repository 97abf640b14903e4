-- sites: one row per site; `observed_from` is the earliest order loaded by reconcile, else when we first heard of it.
create or replace view sites as
select
    instance_id,
    min(happened_at) filter (where kind = 'installation' and what = 'installed') as installed_at,
    case
        when arg_max(what, (happened_at, event_id)) filter (where kind = 'installation') = 'removed'
            then max(happened_at) filter (where kind = 'installation' and what = 'removed')
    end as removed_at,
    coalesce(
        min(created_at) filter (where what = 'snapshot'),
        min(happened_at) filter (where is_from_event)
    ) as observed_from
from lifecycle_now
where is_from_event
group by instance_id
