-- work_out_then: a typed table that is no entity's own, as it was at as_of.
create temp table {table} as
select *
from history.{table}
