-- leave_out: nor do the definitions read them.
delete from touched_rows
where row_id in (select row_id from superseded_rows)
