-- judge: which versions of the arriving events stand now.
update main.lifecycle as lifecycle
set stands = lifecycle.mapping_version = versions.highest
from (
    select
        rows_seen.instance_id,
        rows_seen.event_id,
        max(rows_seen.mapping_version) as highest
    from main.lifecycle as rows_seen
    semi join arriving_rows
        on
            arriving_rows.instance_id = rows_seen.instance_id
            and arriving_rows.event_id = rows_seen.event_id
    where rows_seen.is_from_event
    group by rows_seen.instance_id, rows_seen.event_id
) as versions
where
    lifecycle.is_from_event
    and lifecycle.instance_id = versions.instance_id
    and lifecycle.event_id = versions.event_id
    and lifecycle.stands <> (lifecycle.mapping_version = versions.highest)
