-- fill_table: the rows of the old file.
insert into new.main.{table} by name
select *
from old.main.{table}
