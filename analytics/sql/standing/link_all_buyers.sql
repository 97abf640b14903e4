-- link_all_buyers: all pairs.
create or replace temp table touched_buyers as
select distinct
    instance_id,
    contact,
    member
from main.buyers
