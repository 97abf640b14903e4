-- orders: one row per order, the newest first, a page at a time.
with

buyers_searched as (

    select list((instance_id, id)) as buyers
    from customers
    where customer = $search

),

-- One more than the page holds tells whether there is a next one. A cursor is "time site order" of the page's
-- last row; orders placed at an unknown time come last, as if placed at the beginning of time. Which orders those are
-- is found before anything else of them is read.
orders_chosen as (

    select
        kind,
        instance_id,
        order_id,
        placed_at,
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
            or contains(coalesce(shipments_facts, ''), '"tracking_number":' || to_json($search))
        )
        and (
            $cursor is null
            or (listed_at, instance_id, order_id) < (
                coalesce(moment(split_part($cursor, ' ', 1)), timestamp '0001-01-01'),
                split_part($cursor, ' ', 2),
                split_part($cursor, ' ', 3)
            )
        )
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

-- Wherever they lie in the tables: what was placed earlier or later is not read.
orders_around as (

    select orders.*
    from (select min(placed_at) as earliest, max(placed_at) as latest from orders_paged) as page
    inner join orders on orders.placed_at >= page.earliest and orders.placed_at <= page.latest
    union all
    select orders.*
    from orders
    where placed_at is null and (select bool_or(placed_at is null) from orders_paged)

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
    customers.customer,
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
    paged.next_cursor
from orders_paged as paged
inner join orders_around as orders
    on
        orders.kind = paged.kind
        and orders.instance_id = paged.instance_id
        and orders.order_id = paged.order_id
left join customers on customers.number = entity_number_of('buyer', orders.instance_id, orders.buyer)
order by paged.page_row
