-- read_coming: and those that arrive.
insert into touched_rows by name
select * exclude (stands)
from coming_rows
where kind <> 'quota'
