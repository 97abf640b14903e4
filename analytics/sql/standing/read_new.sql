-- read_new: and then the new ones.
insert into touched_rows by name
select * exclude (stands)
from coming_rows
where kind <> 'quota'
