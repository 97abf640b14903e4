-- site_marks: one row per site: the marks in its events that its present and its beginning are read from.
create or replace view site_marks as
select
    instance_id,
    min(happened_at) filter (where kind = 'installation' and what = 'installed') as installed_at,
    max(happened_at) filter (where kind = 'installation' and what = 'removed') as removed_at,
    max({'happened_at': happened_at, 'event_id': event_id, 'what': what}) filter (where kind = 'installation')
        as last_turn,
    min(created_at) filter (where what = 'snapshot') as first_order_at,
    min(happened_at) as first_event_at
from lifecycle_now
where is_from_event
group by instance_id
