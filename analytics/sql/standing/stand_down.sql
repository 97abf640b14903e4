-- stand_down: they count no more.
update main.lifecycle
set stands = false
where row_id in (select row_id from superseded_rows)
