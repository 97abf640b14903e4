-- orders: one row per store order and per subscription, drafts too. `buyer` is the id under which `customers` knows who
-- bought.
create or replace view orders as
with

orders_listed as (

    select * from store_orders_listed
    union all by name
    select * from subscriptions_listed

)

select
    *,
    coalesce('contact ' || contact_id, 'member ' || member_id) as buyer
from orders_listed
