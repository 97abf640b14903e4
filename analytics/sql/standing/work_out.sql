-- work_out: what a definition gives now, in a table of the writer's own.
create or replace temp table {table} as
select *
from {source}
