-- memberships: one row per subscription that began, and whose it is. `is_only`: nobody's but one who has no other,
-- so that most customers are told of by one row, without comparing any.
create or replace view memberships as
with

subscriptions_named as (

    select
        begun.*,
        coalesce(known_customers.customer, 'order ' || begun.order_id) as customer
    from begun_subscriptions as begun
    left join known_customers
        on
            known_customers.instance_id = begun.instance_id
            and known_customers.id = begun.buyer

)

select
    entity_number,
    instance_id,
    order_id,
    customer,
    entity_number_of('customer', instance_id, customer) as customer_number,
    buyer,
    count(*) over (partition by instance_id, customer) = 1 as is_only,
    plan_id,
    plan,
    currency,
    is_priced,
    started_at,
    pays_from,
    set_to_cancel_at,
    paid_until,
    ended_at,
    end_cause
from subscriptions_named
