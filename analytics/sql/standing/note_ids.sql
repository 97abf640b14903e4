-- note_ids: every id whose customer has to be known: of the changed pairs, and of who bought a touched subscription.
create or replace temp table touched_ids as
select distinct
    instance_id,
    id,
    entity_number_of('buyer', instance_id, id) as number
from (
    select
        instance_id,
        unnest([contact, member]) as id
    from pairs_changed
    union all
    select
        instance_id,
        buyer as id
    from begun_anew
) as ids_named
where id is not null
