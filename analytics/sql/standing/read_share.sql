-- read_share: all rows that stand of one share of the entities; the definitions beside this table read it.
create or replace temp table touched_rows as
select *
from {schema}.lifecycle_now
where hash(entity_id) % $shares = $share
