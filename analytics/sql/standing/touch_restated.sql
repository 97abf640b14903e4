-- touch_restated: the entities that the arriving events tell of, in any of their versions.
create or replace temp table touched_entities as
select distinct
    family_of(rows_seen.kind) as family,
    rows_seen.instance_id,
    rows_seen.entity_id
from main.lifecycle as rows_seen
semi join arriving_rows
    on
        arriving_rows.instance_id = rows_seen.instance_id
        and arriving_rows.event_id = rows_seen.event_id
