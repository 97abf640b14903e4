-- order_transitions: one row per change from one status to another; orders that changed so several times count once.
select
    from_status,
    to_status,
    count(*) as orders,
    is_legal
from status_changes
where
    kind = $kind
    and chosen($site, instance_id)
    and chosen($currency, currency)
    and within(happened_at, $start, $until)
    and (changed_before_at is null or changed_before_at < $start)
group by from_status, to_status, is_legal
order by orders desc, from_status, to_status
