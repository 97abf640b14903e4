-- all_of: every row of one table.
select *
from main.{table}
