-- order_transitions: one row per change from one status to another; orders that changed so several times count once.
select
    changes.from_status,
    changes.to_status,
    count(distinct (changes.instance_id, changes.order_id)) as orders,
    changes.is_legal
from status_changes as changes
inner join orders
    on
        orders.instance_id = changes.instance_id
        and orders.order_id = changes.order_id
        and orders.kind = $kind
where
    changes.family = case when $kind = 'store' then 'store_order' else 'subscription' end
    and chosen($site, changes.instance_id)
    and chosen($currency, orders.currency)
    and within(changes.happened_at, $start, $until)
group by changes.from_status, changes.to_status, changes.is_legal
order by orders desc, changes.from_status, changes.to_status
