-- any_of: one row, if a table has any such.
select 1
from {table}
where {such}
limit 1
