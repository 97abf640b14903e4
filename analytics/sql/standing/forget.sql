-- forget: what a typed table held of the touched entities.
delete from main.{table} as kept
using touched_entities as touched
where
    touched.family = {family}
    and touched.instance_id = kept.instance_id
    and touched.entity_id = kept.{key}
