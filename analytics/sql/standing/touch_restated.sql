-- touch_restated: and those that other versions of the arriving events tell of.
insert into touched_entities by name
select distinct
    family_of(rows_seen.kind) as family,
    rows_seen.instance_id,
    rows_seen.entity_id,
    rows_seen.entity_number
from main.lifecycle as rows_seen
semi join coming_rows
    on
        coming_rows.instance_id = rows_seen.instance_id
        and coming_rows.event_id = rows_seen.event_id
anti join touched_entities on touched_entities.entity_number = rows_seen.entity_number
where rows_seen.kind <> 'quota'
