-- name_buyers: the pairs of contact and member that the touched orders name now.
create or replace temp table named_now as
select *
from touched.buyers
