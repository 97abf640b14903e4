-- known_customers: one row per contact or member id of a site, and the customer it belongs to.
create or replace view known_customers as
select
    instance_id,
    id,
    customer
from customers
