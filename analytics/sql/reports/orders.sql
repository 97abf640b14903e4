-- orders: one row per order, the newest first, a page at a time.
with

ids_searched as (

    select
        instance_id,
        id
    from customers
    where customer = $search

),

-- One more than the page holds tells whether there is a next one. A cursor is "time site order" of the page's
-- last row; orders placed at an unknown time come last, as if placed at the beginning of time.
orders_chosen as (

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
            or (instance_id, buyer) in (select (instance_id, id) from ids_searched)
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
        end as next_cursor,
        -- Open orders age until now, the others until they were closed.
        date_diff(
            'microsecond',
            placed_at,
            case when is_open then $now else coalesce(fulfilled_at, canceled_at, ended_at, last_seen_at) end
        ) / 3600000000.0 as age_hours
    from orders_numbered
    where page_row <= $limit

)

select
    orders_paged.instance_id as site,
    order_id,
    number,
    kind,
    state,
    status,
    payment_status,
    fulfillment_status,
    customers.customer,
    plan,
    money(amount) as amount,
    currency,
    placed_at,
    paid_at,
    first_fulfilled_at,
    fulfilled_at,
    tracked_at,
    canceled_at,
    placed_at as created_at,
    started_at,
    trial_ends_at,
    case when kind = 'subscription' then paid_at end as first_paid_at,
    set_to_cancel_at,
    pauses,
    ended_at,
    end_cause,
    age_hours,
    next_cursor
from orders_paged
left join customers on customers.instance_id = orders_paged.instance_id and customers.id = orders_paged.buyer
order by page_row
