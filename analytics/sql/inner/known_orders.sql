-- known_orders: one row per order of a site, by id: how it stands, and how new what we know of it is.
-- `snapshot_at` is the newest state that was loaded from Wix's lists.
with

orders_read as (

    select
        entity_id as order_id,
        case when kind = 'subscription' then 'plan' else 'store' end as kind,
        max(moment(facts ->> '$.updated_at')) as updated_at,
        max(moment(facts ->> '$.updated_at')) filter (where what = 'snapshot') as snapshot_at
    from lifecycle_now
    where
        instance_id = $site
        and kind in ('subscription', 'store_order')
        and entity_id > $after
    group by all
    order by order_id
    limit $limit

),

orders_standing as (

    select
        order_id,
        state,
        status,
        payment_status,
        fulfillment_status,
        to_json(shipments) as shipments
    from store_orders
    where instance_id = $site
    union all by name
    select
        order_id,
        state,
        status,
        payment_status
    from subscriptions
    where instance_id = $site

)

select
    orders_read.order_id,
    orders_read.kind,
    orders_standing.state,
    orders_standing.status,
    orders_standing.payment_status,
    orders_standing.fulfillment_status,
    cast(orders_standing.shipments as varchar) as shipments,
    orders_read.updated_at,
    orders_read.snapshot_at
from orders_read
left join orders_standing on orders_standing.order_id = orders_read.order_id
order by orders_read.order_id
