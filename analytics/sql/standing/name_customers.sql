-- name_customers: and whose ids are whose, also of the customers that are what they were.
insert into touched_customers by name
select
    others.instance_id,
    others.id,
    others.customer
from (
    -- Of a few among millions one text is read, not three.
    select
        begun.instance_id,
        begun.buyer as id,
        kept.customer
    from main.customers as kept
    inner join (
        select
            met_ids.place,
            begun_anew.instance_id,
            begun_anew.buyer
        from met_ids
        inner join begun_anew
            on entity_number_of('buyer', begun_anew.instance_id, begun_anew.buyer) = met_ids.number
    ) as begun on begun.place = kept.rowid
    union
    select
        instance_id,
        buyer as id,
        customer
    from gathered_memberships
    where buyer is not null
) as others
anti join touched_customers as anew on anew.instance_id = others.instance_id and anew.id = others.id
