-- touch_share: one share of all entities.
create or replace temp table touched_entities as
select distinct
    family_of(kind) as family,
    instance_id,
    entity_id
from main.lifecycle
where hash(entity_id) % $shares = $share
