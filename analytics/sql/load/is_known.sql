-- is_known: one row; whether the ledger has a row of the spool already.
select exists (
    select 1
    from main.lifecycle as lifecycle
    semi join spooled on spooled.is_trusted and spooled.row_id = lifecycle.row_id
)
