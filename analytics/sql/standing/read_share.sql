-- read_share: all rows that stand of one share of the entities; the definitions beside them read it. A view is not
-- copied: each definition reads the columns it needs where they lie.
create or replace temp {kind} touched_rows as
select *
from {schema}.lifecycle_now
where {rows_of} and ({shares} = 1 or hash(entity_number) % {shares} = {share})
