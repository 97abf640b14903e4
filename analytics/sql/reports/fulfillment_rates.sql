-- fulfillment_rates: one row: orders handed over late, canceled by the site before that, and parcels with tracking.
with

orders_chosen as not materialized (

    select
        is_fulfilled,
        is_canceled_by_site,
        placed_at,
        first_fulfilled_at,
        fulfilled_at,
        canceled_at,
        paid_at + to_seconds($target_hours * 3600.0) as due_at
    from store_orders
    where
        not is_plan_order
        and state <> 'draft'
        and chosen($site, instance_id)
        and chosen($currency, currency)

),

due_counted as (

    select
        count(*) as due,
        count(*) filter (where fulfilled_at is null or fulfilled_at > due_at) as late
    from orders_chosen
    where
        within(due_at, $start, $until)
        and not (is_fulfilled and fulfilled_at is null)
        -- Canceled before it was due and not handed over: it leaves.
        and not (
            coalesce(canceled_at < due_at, false)
            and (fulfilled_at is null or fulfilled_at > canceled_at)
        )

),

placed_counted as (

    select
        count(*) as placed,
        count(*) filter (
            where canceled_at < $until and is_canceled_by_site
            and (first_fulfilled_at is null or first_fulfilled_at > canceled_at)
        ) as canceled_before
    from orders_chosen
    where placed_at is not null and within(placed_at, $start, $until)

),

parcels_counted as (

    select
        count(*) as fulfillments,
        count(*) filter (where is_trackable) as tracked
    from parcels
    where
        chosen($site, instance_id)
        and chosen($currency, currency)
        and within(created_at, $start, $until)

)

select
    due_counted.due,
    due_counted.late,
    due_counted.late / nullif(due_counted.due, 0) as late_rate,
    placed_counted.placed,
    placed_counted.canceled_before,
    placed_counted.canceled_before / nullif(placed_counted.placed, 0) as cancel_rate,
    parcels_counted.fulfillments,
    parcels_counted.tracked,
    parcels_counted.tracked / nullif(parcels_counted.fulfillments, 0) as tracking_rate
from due_counted
cross join placed_counted
cross join parcels_counted
