-- order_status: one row per state and status of the orders placed in the period.
select
    kind,
    state,
    status,
    count(*) as orders
from orders
where
    chosen($kind, kind)
    and ($drafts or state <> 'draft')
    and chosen($site, instance_id)
    and chosen($currency, currency)
    and within(placed_at, $start, $end)
group by kind, state, status
order by orders desc, kind, state, status
