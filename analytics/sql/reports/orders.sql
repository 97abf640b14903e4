-- orders: one row per order, the newest first, a page at a time.
with

orders_aged as (

    select
        *,
        strftime(coalesce(placed_at, timestamp '1970-01-01'), '%Y-%m-%dT%H:%M:%S.%f')
        || ' ' || instance_id || ' ' || order_id as page_key,
        -- Open orders age until now, the others until they were closed.
        date_diff(
            'microsecond',
            placed_at,
            case when is_open then $now else coalesce(fulfilled_at, canceled_at, ended_at, last_seen_at) end
        ) / 3600000000.0 as age_hours,
        kind = 'store' and is_open and paid_at + to_seconds($target_hours * 3600.0) < $now as is_late
    from orders

),

orders_chosen as (

    select *
    from orders_aged
    where
        chosen($kind, kind)
        and chosen($state, state)
        and (state <> 'draft' or coalesce(list_contains($state, 'draft'), false))
        and ($late is null or coalesce(is_late, false) = $late)
        and chosen($site, instance_id)
        and chosen($currency, currency)
        and within(placed_at, $start, $end)
        and (
            $search is null
            or order_id = $search
            or number = $search
            or customer = $search
            or contact_id = $search
            or member_id = $search
            or contains(coalesce(shipments_facts, ''), '"tracking_number":' || to_json($search))
        )
        and ($cursor is null or page_key < $cursor)

),

orders_numbered as (

    select
        *,
        row_number() over (order by page_key desc) as page_row,
        count(*) over () as matching
    from orders_chosen

),

orders_paged as (

    select
        *,
        case when matching > $limit then min(page_key) over () end as next_cursor
    from orders_numbered
    where page_row <= $limit

)

select
    instance_id as site,
    order_id,
    number,
    kind,
    state,
    status,
    payment_status,
    fulfillment_status,
    customer,
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
order by page_row
