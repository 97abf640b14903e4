-- keep_then: a typed table as it was at as_of: what stands of all other entities, and what stood of those.
create temp table {table} as
select *
from main.{table} as kept
where not exists (
    select 1
    from touched_entities as touched
    where
        touched.family = {family}
        and touched.instance_id = kept.instance_id
        and touched.entity_id = kept.{key}
)
union all by name
select *
from {source}
