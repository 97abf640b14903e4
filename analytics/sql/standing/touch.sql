-- touch: the entities that the arriving rows tell of. No table is made of quota rows, and a site has one a minute.
create or replace temp table touched_entities as
select distinct
    family_of(kind) as family,
    instance_id,
    entity_id,
    entity_number
from coming_rows
where kind <> 'quota'
