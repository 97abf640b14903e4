-- meet_customers: who they were, by numbers: the texts of a few hundred among millions take ten times as long to read.
create or replace temp table met_ids as
select
    rowid as place,
    number,
    customer_number
from main.customers
where number in (select number from touched_ids)
