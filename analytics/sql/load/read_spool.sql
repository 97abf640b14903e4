-- read_spool: the records that the ledger has not.
create or replace temp table spooled as
{rows_read}
