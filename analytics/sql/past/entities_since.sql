-- entities_since: the entities, of some families or all, that rows told of which were not known at as_of yet, and those
-- whose events were read anew since. All others stood then as they stand now.
create or replace temp table touched_entities as
with

rows_since as (

    select entity_number
    from main.lifecycle
    where
        known_at >= cast(getvariable('as_of') as timestamp)
        and ($families is null or list_contains($families, family_of(kind)))

),

events_restated as (

    select distinct
        instance_id,
        event_id
    from main.lifecycle
    where
        known_at >= cast(getvariable('as_of') as timestamp)
        and is_from_event
        and mapping_version > (select min(mapping_version) from main.lifecycle where is_from_event)

)

select entity_number
from rows_since
union
select rows_seen.entity_number
from main.lifecycle as rows_seen
semi join events_restated
    on
        events_restated.instance_id = rows_seen.instance_id
        and events_restated.event_id = rows_seen.event_id
where $families is null or list_contains($families, family_of(rows_seen.kind))
