-- forget: what a typed table held of the touched entities.
delete from main.{table} as kept
using known_entities as known
where
    known.family = {family}
    and known.instance_id = kept.instance_id
    and known.entity_id = kept.{key}
