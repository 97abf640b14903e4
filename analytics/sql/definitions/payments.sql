-- payments: one row per cashier transaction as it stands; `paid_at` and `refunded_at` are when it was first seen so.
create or replace view payments as
with

events_read as (

    select
        events.entity_number,
        told.instance_id,
        told.entity_id,
        events.is_last,
        events.status,
        events.happened_at,
        told.order_id,
        told.app_id,
        told.currency,
        told.amount,
        told.refunded_amount,
        told.created_at
    from entity_events as events
    inner join lifecycle_now as told on told.kind = 'payment' and told.row_id = events.row_id
    where events.kind = 'payment'

),

payments_dated as (

    select
        entity_number,
        min(order_id) as order_id,
        min(happened_at) filter (where status in ('APPROVED', 'REFUNDED', 'PARTIALLY_REFUNDED')) as paid_at,
        min(happened_at) filter (where status in ('REFUNDED', 'PARTIALLY_REFUNDED') or refunded_amount > 0)
            as refunded_at
    from events_read
    group by entity_number

)

select
    latest.entity_number,
    latest.instance_id,
    latest.entity_id as transaction_id,
    dated.order_id,
    latest.app_id,
    latest.status,
    latest.currency,
    latest.amount,
    case
        when latest.refunded_amount is not null then latest.refunded_amount
        when latest.status = 'REFUNDED' then latest.amount
    end as refunded_amount,
    latest.created_at,
    dated.paid_at,
    dated.refunded_at,
    latest.happened_at as changed_at
from events_read as latest
inner join payments_dated as dated on dated.entity_number = latest.entity_number
where latest.is_last
