-- any_of: one row, if a table of the writer has any.
select 1
from {table}
limit 1
