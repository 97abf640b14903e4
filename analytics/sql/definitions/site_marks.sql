-- site_marks: one row per site: the marks in its rows that its present and its beginning are read from.
create or replace view site_marks as
with

rows_read as (

    select
        instance_id,
        event_id,
        kind,
        what,
        facts,
        created_at,
        happened_at
    from lifecycle_now
    -- Properties and reconciles are facts of a site that no webhook told.
    where is_from_event or kind in ('site', 'reconciled')

)

select
    instance_id,
    min(happened_at) filter (where kind = 'installation' and what = 'installed') as installed_at,
    max(happened_at) filter (where kind = 'installation' and what = 'removed') as removed_at,
    max({'happened_at': happened_at, 'event_id': event_id, 'what': what}) filter (where kind = 'installation')
        as last_turn,
    max({'happened_at': happened_at, 'event_id': event_id, 'facts': facts}) filter (where kind = 'site')
        as properties,
    min(created_at) filter (where what = 'snapshot') as first_order_at,
    min(happened_at) filter (where kind = 'reconciled') as reconciled_at,
    min(moment(facts ->> '$.earliest_order_at')) filter (where kind = 'reconciled') as reconciled_from,
    min(happened_at) filter (where kind not in ('site', 'reconciled')) as first_event_at
from rows_read
group by instance_id
