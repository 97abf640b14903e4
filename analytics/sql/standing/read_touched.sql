-- read_touched: all rows that stand of the touched entities; the definitions beside this table read it.
create or replace temp table touched_rows as
select rows_now.*
from main.lifecycle_now as rows_now
semi join touched_entities
    on
        touched_entities.family = family_of(rows_now.kind)
        and touched_entities.instance_id = rows_now.instance_id
        and touched_entities.entity_id = rows_now.entity_id
