-- rows_until: of those entities, the rows that stood at as_of; the definitions beside this table read it. Where those
-- lie is found by their numbers alone, before anything else of millions of rows is read.
create or replace temp table touched_rows as
with

rows_found as (

    select
        known_rows.rowid as place,
        known_rows.instance_id,
        known_rows.event_id,
        known_rows.mapping_version,
        known_rows.is_from_event
    from main.lifecycle as known_rows
    semi join touched_entities on touched_entities.entity_number = known_rows.entity_number
    where known_rows.known_at < cast(getvariable('as_of') as timestamp)

),

-- Empty, and so of no cost, while all events were read by one mapping version.
events_restated as (

    select
        instance_id,
        event_id,
        mapping_version
    from main.lifecycle
    where
        known_at < cast(getvariable('as_of') as timestamp)
        and is_from_event
        and mapping_version > (select min(mapping_version) from main.lifecycle where is_from_event)

),

rows_standing as (

    select place
    from rows_found
    where
        not is_from_event
        or not exists (
            select 1
            from events_restated
            where
                events_restated.instance_id = rows_found.instance_id
                and events_restated.event_id = rows_found.event_id
                and events_restated.mapping_version > rows_found.mapping_version
        )

)

select *
from (
    select *
    from main.lifecycle_now
    limit 0
) as columns_in_order
union all by name
select * exclude (stands)
from main.lifecycle as rows_then
where rows_then.rowid in (select place from rows_standing)
