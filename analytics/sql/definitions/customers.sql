-- customers: one row per contact or member id of a site; `customer` names the connected component it belongs to. Whoever
-- looks for a few among millions reads `number`, which `entity_number_of` makes of a buyer's site and id, and no texts.
create or replace view customers as
with recursive

ids_listed as (

    select
        instance_id,
        contact as id
    from known_buyers
    where contact is not null
    union
    select
        instance_id,
        member as id
    from known_buyers
    where member is not null

),

ids_paired as (

    select
        instance_id,
        contact as id,
        member as other
    from known_buyers
    where contact is not null and member is not null
    union
    select
        instance_id,
        member as id,
        contact as other
    from known_buyers
    where contact is not null and member is not null

),

ids_reached as (

    select
        instance_id,
        id,
        id as reached
    from ids_listed
    union
    select
        ids_reached.instance_id,
        ids_reached.id,
        ids_paired.other as reached
    from ids_reached
    inner join ids_paired
        on
            ids_paired.instance_id = ids_reached.instance_id
            and ids_paired.id = ids_reached.reached

)

-- 'contact …' sorts before 'member …': the smallest contact, else the smallest member.
select
    instance_id,
    id,
    substr(min(reached), instr(min(reached), ' ') + 1) as customer,
    entity_number_of('buyer', instance_id, id) as number
from ids_reached
group by instance_id, id
