-- gather_linked: all ids of the customers that those pairs name.
create or replace temp table gathered_customers as
select
    kept.rowid as place,
    kept.instance_id,
    kept.id,
    kept.customer
from main.customers as kept
semi join (
    select
        met_ids.instance_id,
        met_ids.customer
    from met_ids
    semi join (
        select
            instance_id,
            unnest([contact, member]) as id
        from pairs_linking
    ) as linking on linking.instance_id = met_ids.instance_id and linking.id = met_ids.id
) as met on met.instance_id = kept.instance_id and met.customer = kept.customer
