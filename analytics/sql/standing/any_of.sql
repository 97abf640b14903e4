-- any_of: one row, if a table of the writer has any such.
select 1
from {table}
where {such}
limit 1
