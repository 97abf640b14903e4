-- note_gone: where a typed table tells of those entities; none of it is known to have stood at as_of.
create temp table {table}_gone as
select kept.rowid as place
from main.{table} as kept
where kept.entity_number in (select entity_number from touched_entities)
