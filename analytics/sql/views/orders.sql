-- orders: one row per store order and per subscription, drafts too; orders made of plans alone are no store orders.
-- `payment_status` is Wix's word, or `payment_on_delivery`.
-- `buyer` is the id under which `customers` knows who bought.
create or replace view orders as
with

store_orders_listed as (

    select
        'store' as kind,
        instance_id,
        order_id,
        number,
        state,
        status,
        -- Wix approves what is paid, what costs nothing, and what is to be paid by hand.
        case
            when status = 'APPROVED' and payment_status = 'NOT_PAID' and coalesce(total > 0, true)
                then 'payment_on_delivery'
            else payment_status
        end as payment_status,
        fulfillment_status,
        nullif(contact_id, '') as contact_id,
        nullif(member_id, '') as member_id,
        null as plan,
        currency,
        total as amount,
        is_paid,
        is_fulfilled,
        placed_at,
        paid_at,
        first_fulfilled_at,
        fulfilled_at,
        tracked_at,
        canceled_at,
        null as started_at,
        null as trial_ends_at,
        null as set_to_cancel_at,
        null as ended_at,
        null as end_cause,
        null as pauses,
        shipments_facts,
        last_seen_at
    from store_orders
    where not is_plan_order

),

subscriptions_listed as (

    select
        'subscription' as kind,
        instance_id,
        order_id,
        null as number,
        state,
        status,
        payment_status,
        null as fulfillment_status,
        contact_id,
        member_id,
        coalesce(plan_name, plan_id) as plan,
        currency,
        price_total as amount,
        first_paid_at is not null as is_paid,
        false as is_fulfilled,
        created_at as placed_at,
        first_paid_at as paid_at,
        null as first_fulfilled_at,
        -- A subscription that ran its full term is fulfilled, one that ended before is canceled.
        case when end_cause = 'completed' then ended_at end as fulfilled_at,
        null as tracked_at,
        case when end_cause <> 'completed' then ended_at end as canceled_at,
        started_at,
        trial_ends_at,
        set_to_cancel_at,
        ended_at,
        end_cause,
        cast(pauses as varchar) as pauses,
        null as shipments_facts,
        last_seen_at
    from subscriptions

),

orders_listed as (

    select * from store_orders_listed
    union all by name
    select * from subscriptions_listed

)

select
    orders_listed.kind,
    orders_listed.instance_id,
    orders_listed.order_id,
    orders_listed.number,
    orders_listed.state,
    orders_listed.status,
    orders_listed.payment_status,
    orders_listed.fulfillment_status,
    orders_listed.contact_id,
    orders_listed.member_id,
    coalesce('contact ' || orders_listed.contact_id, 'member ' || orders_listed.member_id) as buyer,
    orders_listed.plan,
    orders_listed.currency,
    orders_listed.amount,
    orders_listed.is_paid,
    orders_listed.is_fulfilled,
    orders_listed.state not in ('draft', 'fulfilled', 'canceled', 'rejected', 'ended')
    and orders_listed.placed_at is not null as is_open,
    orders_listed.placed_at,
    orders_listed.paid_at,
    orders_listed.first_fulfilled_at,
    orders_listed.fulfilled_at,
    orders_listed.tracked_at,
    orders_listed.canceled_at,
    orders_listed.started_at,
    orders_listed.trial_ends_at,
    orders_listed.set_to_cancel_at,
    orders_listed.ended_at,
    orders_listed.end_cause,
    orders_listed.pauses,
    orders_listed.shipments_facts,
    orders_listed.last_seen_at
from orders_listed
