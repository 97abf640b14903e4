-- sites: one row per site, with its store orders as they stand.
with

orders_counted as (

    select
        instance_id,
        -- Until Wix has been asked for the site's own currency, that of its latest order.
        arg_max(currency, (placed_at, order_id)) as currency,
        count(*) filter (where within(placed_at, $start, $end)) as orders,
        count(*) filter (where is_open) as open,
        count(*) filter (where is_open and paid_at + interval 72 hours < $now) as late
    from store_orders_listed
    where
        state <> 'draft'
        and chosen($site, instance_id)
        and chosen($currency, currency)
    group by instance_id

),

latency_measured as (

    select
        instance_id,
        quantile_disc(hours, 0.5) as p50_hours
    from step_durations('paid_fulfilled', $now)
    where
        outcome = 'finished'
        and chosen($site, instance_id)
        and chosen($currency, currency)
        and within(first_at, $start, $until)
    group by instance_id

)

select
    sites.instance_id as site,
    sites.name,
    coalesce(sites.currency, orders_counted.currency) as currency,
    sites.timezone,
    sites.installed_at,
    sites.removed_at,
    sites.observed_from,
    coalesce(orders_counted.orders, 0) as orders,
    coalesce(orders_counted.open, 0) as open,
    coalesce(orders_counted.late, 0) as late,
    latency_measured.p50_hours
from sites
left join orders_counted on orders_counted.instance_id = sites.instance_id
left join latency_measured on latency_measured.instance_id = sites.instance_id
where chosen($site, sites.instance_id)
order by sites.instance_id
