-- restated: one row; whether events of the ledger were read by more than one mapping version.
select count(distinct mapping_version) > 1
from main.lifecycle
where is_from_event
