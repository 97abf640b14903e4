-- name_buyers: the pairs of contact and member that the touched orders name, by what is read of them so far.
create or replace temp table {table} as
select *
from touched.buyers
