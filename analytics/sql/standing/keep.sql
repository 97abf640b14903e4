-- keep: what the definition of a typed table gives now for the touched entities.
insert into main.{table} by name
select *
from {source}
