-- show_then: a typed table as it was at as_of. What stands of all other entities is read where it lies: a copy of millions of
-- rows takes more memory than there is.
create temp view {table} as
select kept.*
from ledger.main.{table} as kept
anti join {gone} as gone on gone.place = kept.rowid
union all by name
select *
from {table}_then
