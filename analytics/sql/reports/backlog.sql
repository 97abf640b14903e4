-- backlog: one row per paid order that is still open, the oldest first.
select
    order_id,
    instance_id as site,
    paid_at,
    hours_between(paid_at, $now) as age_hours,
    $target_hours - hours_between(paid_at, $now) as hours_left
from store_orders_listed
where
    is_open
    and paid_at is not null
    and chosen($site, instance_id)
    and chosen($currency, currency)
    and within(paid_at, $start, $end)
order by paid_at, order_id
