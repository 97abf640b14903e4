-- keep_then: a typed table as it was at as_of: what stands of all other entities, and what stood of those.
create temp table {table} as
select *
from main.{table} as kept
anti join touched_entities on touched_entities.entity_number = kept.entity_number
union all by name
select *
from {source}
