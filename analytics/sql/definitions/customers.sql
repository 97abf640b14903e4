-- customers: one row per contact or member id of a site; `customer` names the connected component it belongs to. Whoever
-- looks for a few among millions reads `number`, which `entity_number_of` makes of a buyer's site and id, or
-- `customer_number`, made of the customer's, and no texts.
create or replace view customers as
with recursive

contacts_known as (

    select
        instance_id,
        contact as id,
        count(member) as others,
        min(member) as other
    from known_buyers
    where contact is not null
    group by instance_id, contact

),

members_known as (

    select
        instance_id,
        member as id,
        count(contact) as others,
        min(contact) as other
    from known_buyers
    where member is not null
    group by instance_id, member

),

-- Most are alone, or one contact and one member. Only what hangs together by more than one pair is walked along: to
-- walk from each of millions takes more memory than there is.
ids_known as (

    select
        contacts.instance_id,
        contacts.id,
        contacts.other,
        contacts.others > 1 or coalesce(members.others > 1, false) as is_tangled
    from contacts_known as contacts
    left join members_known as members on members.instance_id = contacts.instance_id and members.id = contacts.other
    union all
    select
        members.instance_id,
        members.id,
        members.other,
        members.others > 1 or coalesce(contacts.others > 1, false) as is_tangled
    from members_known as members
    left join contacts_known as contacts on contacts.instance_id = members.instance_id and contacts.id = members.other

),

ids_tangled as (

    select
        instance_id,
        id
    from ids_known
    where is_tangled

),

ids_paired as (

    select distinct
        known.instance_id,
        unnest([known.contact, known.member]) as id,
        unnest([known.member, known.contact]) as other
    from known_buyers as known
    inner join ids_tangled on ids_tangled.instance_id = known.instance_id and ids_tangled.id = known.contact
    where known.member is not null

),

ids_reached as (

    select
        instance_id,
        id,
        id as reached
    from ids_tangled
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

),

ids_named as (

    select
        instance_id,
        id,
        least(id, other) as least_id
    from ids_known
    where not is_tangled
    union all
    select
        instance_id,
        id,
        min(reached) as least_id
    from ids_reached
    group by instance_id, id

)

-- 'contact …' sorts before 'member …': the smallest contact, else the smallest member.
select
    instance_id,
    id,
    substr(least_id, instr(least_id, ' ') + 1) as customer,
    entity_number_of('buyer', instance_id, id) as number,
    entity_number_of('customer', instance_id, substr(least_id, instr(least_id, ' ') + 1)) as customer_number
from ids_named
