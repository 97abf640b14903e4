-- payments: one row per cashier transaction as it stands.
create or replace view payments as
with

events_compared as (

    select
        *,
        max(position) over (partition by instance_id, entity_id) as last_position
    from entity_events
    where kind = 'payment'

)

select
    instance_id,
    entity_id as transaction_id,
    facts ->> '$.app_id' as app_id,
    status,
    currency,
    amount(facts ->> '$.amount') as amount,
    amount(facts ->> '$.refunded_amount') as refunded_amount,
    created_at,
    happened_at as changed_at
from events_compared
where position = last_position
