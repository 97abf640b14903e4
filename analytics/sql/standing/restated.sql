-- restated: one row; whether events of the ledger, and of some rows beside it, were read by more than one mapping version.
select count(distinct mapping_version) > 1
from (
    select mapping_version
    from main.lifecycle
    where is_from_event
    union all
    select mapping_version
    from {beside}
    where is_from_event
) as events_read
