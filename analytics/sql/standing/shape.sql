-- shape: the columns of a table of the writer's own, without rows.
create or replace table shapes.{table} as
select *
from {source}
limit 0
