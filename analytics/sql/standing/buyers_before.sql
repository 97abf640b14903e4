-- buyers_before: the pairs of contact and member that the touched orders named so far. From their rows, which are here
-- anyway: to read a few hundred texts among the millions that are kept takes twenty times as long.
create or replace temp table named_before as
select *
from touched.buyers
