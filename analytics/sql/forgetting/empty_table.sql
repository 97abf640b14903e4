-- empty_table: what a new ledger holds by itself.
delete from new.main.{table}
