-- known_entities: the touched entities that rows are here of already.
create or replace temp table known_entities as
select *
from touched_entities
where entity_number in (select entity_number from found_rows)
