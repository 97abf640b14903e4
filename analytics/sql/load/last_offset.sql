-- last_offset: one row: how many lines the ledger had not, and the last of them.
select
    count(*) as lines,
    max(spool_offset) as last_offset
from spooled
