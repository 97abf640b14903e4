-- forget: what a typed table held of the touched entities.
delete from main.{table}
where entity_number in (select entity_number from known_entities)
