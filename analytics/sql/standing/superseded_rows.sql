-- superseded_rows: rows of the touched entities whose event was read anew by a higher mapping version.
create or replace temp table superseded_rows as
select row_id
from (
    select
        row_id,
        mapping_version < max(mapping_version) over (partition by instance_id, event_id) as is_superseded
    from touched_rows
    where is_from_event
) as versions_compared
where is_superseded
