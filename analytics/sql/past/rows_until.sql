-- rows_until: of those entities, the rows that stood at as_of; the definitions beside this table read it.
create or replace temp table touched_rows as
select rows_then.*
from history.lifecycle_now as rows_then
semi join touched_entities
    on
        touched_entities.family = family_of(rows_then.kind)
        and touched_entities.instance_id = rows_then.instance_id
        and touched_entities.entity_id = rows_then.entity_id
