-- judge_all: which versions of all events stand now.
update main.lifecycle as lifecycle
set stands = lifecycle.mapping_version = versions.highest
from (
    select
        instance_id,
        event_id,
        max(mapping_version) as highest
    from main.lifecycle
    where is_from_event
    group by instance_id, event_id
) as versions
where
    lifecycle.is_from_event
    and lifecycle.instance_id = versions.instance_id
    and lifecycle.event_id = versions.event_id
    and lifecycle.stands <> (lifecycle.mapping_version = versions.highest)
