-- gather: all ids of some customers. Where they lie is found before their texts are read.
create or replace temp table gathered_customers as
select
    rowid as place,
    instance_id,
    id,
    customer,
    customer_number
from main.customers
where
    rowid in (
        select kept.rowid
        from main.customers as kept
        where kept.customer_number in ({numbers})
    )
