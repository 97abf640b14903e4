-- add_rows: the log of rows gains those that are new to it.
insert into main.lifecycle by name
select *
from coming_rows
