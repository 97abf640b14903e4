-- note_buyers_then: every id of a pair of contact and member that some order names now and none named at as_of, or the
-- other way round: whoever else was one customer with others then is so now.
create or replace temp table touched_ids as
with

pairs_then as (

    select
        instance_id,
        contact,
        member
    from touched.buyers

),

pairs_now as (

    select
        kept.instance_id,
        kept.contact,
        kept.member
    from main.buyers as kept
    semi join touched_entities on touched_entities.entity_number = kept.entity_number

),

pairs_lasting as (

    select
        kept.instance_id,
        kept.contact,
        kept.member
    from main.buyers as kept
    anti join touched_entities on touched_entities.entity_number = kept.entity_number

),

pairs_changed as (

    (select * from pairs_now except select * from pairs_then)
    union all
    (select * from pairs_then except select * from pairs_now)

)

select
    *,
    entity_number_of('buyer', instance_id, id) as number
from (
    select distinct
        instance_id,
        unnest([contact, member]) as id
    from (
        select * from pairs_changed
        except
        select * from pairs_lasting
    ) as pairs_of_one_time
) as ids_named
where id is not null
