-- set_to_cancel: one row per subscription that will end and has not, the first to end first.
select
    subscriptions.order_id,
    customers.customer,
    coalesce(subscriptions.plan_name, subscriptions.plan_id) as plan,
    subscriptions.set_to_cancel_at as requested_at,
    coalesce(subscriptions.paid_until, subscriptions.end_at) as ends_at,
    money(coalesce(spans.mrr, 0)) as mrr,
    subscriptions.currency
from subscriptions
left join customers
    on
        customers.instance_id = subscriptions.instance_id
        and customers.id = coalesce('contact ' || subscriptions.contact_id, 'member ' || subscriptions.member_id)
left join subscription_spans as spans
    on
        spans.instance_id = subscriptions.instance_id
        and spans.order_id = subscriptions.order_id
        and spans.began_at < $now
        and coalesce(spans.ended_at >= $now, true)
where
    subscriptions.set_to_cancel_at < $now
    and coalesce(subscriptions.ended_at >= $now, true)
    and chosen($site, subscriptions.instance_id)
    and chosen($currency, subscriptions.currency)
    and within(subscriptions.set_to_cancel_at, $start, $until)
order by ends_at, subscriptions.order_id
