-- set_to_cancel: one row per subscription that will end and has not, the first to end first.
with

subscriptions_leaving as (

    select
        entity_number,
        instance_id,
        order_id,
        coalesce('contact ' || contact_id, 'member ' || member_id) as buyer,
        coalesce(plan_name, plan_id) as plan,
        set_to_cancel_at as requested_at,
        coalesce(paid_until, end_at) as ends_at,
        currency
    from subscriptions
    where
        set_to_cancel_at < $now
        and coalesce(ended_at >= $now, true)
        and chosen($site, instance_id)
        and chosen($currency, currency)
        and within(set_to_cancel_at, $start, $until)

)

select
    leaving.order_id,
    -- Whose subscription began is told by it; nobody's is named after the order.
    coalesce(nullif(memberships.customer, 'order ' || leaving.order_id), customers.customer) as customer,
    leaving.plan,
    leaving.requested_at,
    leaving.ends_at,
    money(coalesce(spans.mrr, 0)) as mrr,
    leaving.currency
from subscriptions_leaving as leaving
left join memberships on memberships.entity_number = leaving.entity_number
left join customers
    on
        memberships.entity_number is null
        and customers.number = entity_number_of('buyer', leaving.instance_id, leaving.buyer)
left join subscription_spans as spans
    on
        spans.entity_number = leaving.entity_number
        and spans.began_at < $now
        and coalesce(spans.ended_at >= $now, true)
order by leaving.ends_at, leaving.order_id, leaving.instance_id
