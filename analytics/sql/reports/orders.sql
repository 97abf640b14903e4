-- orders: one row per order, the newest first, a page at a time.
with

buyers_searched as (

    select list((instance_id, id)) as buyers
    from customers
    where customer = $search

),

-- Orders placed at an unknown time come last, as if placed at the beginning of time. A cursor is "time site order" of
-- the page's last row.
orders_matching as not materialized (

    select
        *,
        coalesce(placed_at, timestamp '1970-01-01') as listed_at
    from orders
    where
        chosen($kind, kind)
        and chosen($state, state)
        and (state <> 'draft' or coalesce(list_contains($state, 'draft'), false))
        and (
            $late is null
            or $late = coalesce(
                kind = 'store' and is_open and paid_at + to_seconds($target_hours * 3600.0) < $now,
                false
            )
        )
        and chosen($site, instance_id)
        and chosen($currency, currency)
        and within(placed_at, $start, $end)
        and (
            $search is null
            or order_id = $search
            or number = $search
            or contact_id = $search
            or member_id = $search
            or list_contains((select buyers from buyers_searched), (instance_id, buyer))
            or list_contains(list_transform(shipments, lambda shipment: shipment.tracking_number), $search)
        )
        and (
            $cursor is null
            or (listed_at, instance_id, order_id) < (
                coalesce(moment(split_part($cursor, ' ', 1)), timestamp '0001-01-01'),
                split_part($cursor, ' ', 2),
                split_part($cursor, ' ', 3)
            )
        )

),

-- How far back the page goes, by times alone: what was placed earlier is not read. One more than the page holds tells
-- whether there is a next one. What is searched for are few orders, found in one go.
page_begun as (

    select coalesce(min(listed_at), timestamp '-infinity') as earliest
    from (select listed_at from orders_matching where $search is null order by listed_at desc limit $limit + 1)

),

orders_chosen as (

    select orders_matching.*
    from page_begun
    inner join orders_matching on orders_matching.listed_at >= page_begun.earliest
    order by listed_at desc, instance_id desc, order_id desc
    limit $limit + 1

),

orders_numbered as (

    select
        *,
        row_number() over (order by listed_at desc, instance_id desc, order_id desc) as page_row,
        count(*) over () as matching
    from orders_chosen

),

orders_paged as (

    select
        *,
        case
            when matching > $limit
                then
                    strftime(min(listed_at) over (), '%Y-%m-%dT%H:%M:%S.%fZ')
                    || ' ' || arg_min(instance_id || ' ' || order_id, (listed_at, instance_id, order_id)) over ()
        end as next_cursor
    from orders_numbered
    where page_row <= $limit

),

-- Texts of customers are dear to read, numbers are not; and most orders' customer is named after their own contact or
-- member.
customers_numbered as materialized (

    select
        orders.page_row,
        orders.instance_id,
        orders.buyer,
        case customers.customer_number
            when entity_number_of('customer', orders.instance_id, orders.contact_id) then orders.contact_id
            when entity_number_of('customer', orders.instance_id, orders.member_id) then orders.member_id
        end as customer
    from orders_paged as orders
    inner join customers on customers.number = entity_number_of('buyer', orders.instance_id, orders.buyer)

),

customers_named as (

    select
        page_row,
        customer
    from customers_numbered
    where customer is not null
    union all
    select
        numbered.page_row,
        customers.customer
    from customers_numbered as numbered
    inner join customers on customers.number = entity_number_of('buyer', numbered.instance_id, numbered.buyer)
    where numbered.customer is null

)

select
    orders.instance_id as site,
    orders.order_id,
    orders.number,
    orders.kind,
    orders.state,
    orders.status,
    orders.payment_status,
    orders.fulfillment_status,
    customers_named.customer,
    orders.plan,
    money(orders.amount) as amount,
    orders.currency,
    orders.placed_at,
    orders.paid_at,
    orders.first_fulfilled_at,
    orders.fulfilled_at,
    orders.tracked_at,
    orders.canceled_at,
    orders.placed_at as created_at,
    orders.started_at,
    orders.trial_ends_at,
    case when orders.kind = 'subscription' then orders.paid_at end as first_paid_at,
    orders.set_to_cancel_at,
    orders.pauses,
    orders.ended_at,
    orders.end_cause,
    -- Open orders age until now, the others until they were closed.
    date_diff(
        'microsecond',
        orders.placed_at,
        case
            when orders.is_open then $now
            else coalesce(orders.fulfilled_at, orders.canceled_at, orders.ended_at, orders.last_seen_at)
        end
    ) / 3600000000.0 as age_hours,
    orders.next_cursor
from orders_paged as orders
left join customers_named on customers_named.page_row = orders.page_row
order by orders.page_row
