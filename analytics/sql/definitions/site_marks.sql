-- site_marks: one row per site: the marks in its rows that its present and its beginning are read from.
create or replace view site_marks as
with

events_summed as (

    select
        instance_id,
        min(created_at) filter (where what = 'snapshot') as first_order_at,
        min(happened_at) as first_event_at
    from lifecycle_now
    where is_from_event and kind not in ('site', 'reconciled')
    group by instance_id

),

-- Properties and reconciles are facts of a site that no webhook told.
marks_summed as (

    select
        instance_id,
        min(happened_at) filter (where what = 'installed') as installed_at,
        max(happened_at) filter (where what = 'removed') as removed_at,
        max({'happened_at': happened_at, 'event_id': event_id, 'what': what}) filter (where kind = 'installation')
            as last_turn,
        max({'happened_at': happened_at, 'event_id': event_id, 'facts': facts}) filter (where kind = 'site')
            as properties,
        min(happened_at) filter (where kind = 'reconciled') as reconciled_at,
        min(moment(facts ->> '$.earliest_order_at')) filter (where kind = 'reconciled') as reconciled_from
    from lifecycle_now
    where (kind = 'installation' and is_from_event) or kind in ('site', 'reconciled')
    group by instance_id

)

select
    coalesce(events_summed.instance_id, marks_summed.instance_id) as instance_id,
    marks_summed.installed_at,
    marks_summed.removed_at,
    marks_summed.last_turn,
    marks_summed.properties,
    events_summed.first_order_at,
    marks_summed.reconciled_at,
    marks_summed.reconciled_from,
    events_summed.first_event_at
from events_summed
full join marks_summed on marks_summed.instance_id = events_summed.instance_id
