-- make: a typed table, empty, with the columns of its definition.
create or replace table main.{table} as
select *
from touched.{table}
limit 0
