-- store_orders: one row per store order, drafts too, as it stands: latest facts and milestones.
-- A milestone is the start of the present unbroken stretch; null when undone, never reached, or at an unknown time
-- (a stretch that begins with a snapshot was reached before we looked).
create or replace view store_orders as
with

orders_dated as (

    select
        entity_number,
        min(happened_at) as first_seen_at,
        max(happened_at) as last_seen_at,
        -- Where the last stretch of each kind began, which is of use if it has not ended.
        arg_max({'at': seen_at, 'event_id': event_id}, point) filter (where is_paid and not was_paid) as paid,
        arg_max({'at': seen_at}, point) filter (where is_begun and not was_begun) as begun,
        arg_max({'at': seen_at}, point) filter (where is_fulfilled and not was_fulfilled) as word_fulfilled,
        arg_max({'at': seen_at, 'is_by_site': is_by_site}, point)
            filter (where is_canceled and not was_canceled) as canceled,
        arg_max(
            {'at': seen_at, 'parcels': shipments_row_id, 'parcels_before': shipments_row_before}, point
        ) filter (where is_tracked and not was_tracked) as tracked
    from store_order_states
    group by entity_number

),

points_last as (

    select *
    from store_order_states
    where is_last

),

-- A parcel that came with its tracking number was tracked when it was made.
parcels_tracked as (

    select
        dated.entity_number,
        list_min(
            list_transform(
                list_filter(
                    parcels.shipments,
                    lambda shipment: shipment.tracking_number is not null
                    and not list_contains(
                        coalesce(list_transform(earlier.shipments, lambda before: before.id), []), shipment.id
                    )
                ),
                lambda shipment: shipment.created_at
            )
        ) as tracked_at
    from orders_dated as dated
    inner join lifecycle_now as parcels on parcels.kind = 'fulfillments' and parcels.row_id = dated.tracked.parcels
    left join lifecycle_now as earlier on earlier.kind = 'fulfillments' and earlier.row_id = dated.tracked.parcels_before

)

select
    latest.entity_number,
    coalesce(told.instance_id, parcels.instance_id) as instance_id,
    coalesce(told.entity_id, parcels.entity_id) as order_id,
    told.number,
    latest.state,
    coalesce(latest.status, 'UNKNOWN') as status,
    told.payment_status,
    told.fulfillment_status,
    coalesce(told.contact_id, '') as contact_id,
    coalesce(told.member_id, '') as member_id,
    coalesce(told.is_plan_order, false) as is_plan_order,
    latest.is_paid,
    latest.is_fulfilled,
    told.currency,
    parcels.shipments,
    told.total,
    -- An order that only its fulfillments told of was placed at a time we don't know.
    case when latest.order_row_id is not null then coalesce(latest.created_at, dated.first_seen_at) end as placed_at,
    case when latest.is_paid then dated.paid.event_id end as paid_event_id,
    case when latest.is_paid then dated.paid.at end as paid_at,
    case when latest.is_begun then coalesce(latest.first_shipped_at, dated.begun.at) end as first_fulfilled_at,
    case when latest.is_fulfilled then coalesce(latest.all_shipped_at, dated.word_fulfilled.at) end as fulfilled_at,
    case when latest.is_tracked then coalesce(parcels_tracked.tracked_at, dated.tracked.at) end as tracked_at,
    case when latest.is_canceled then dated.canceled.at end as canceled_at,
    latest.is_canceled and coalesce(dated.canceled.is_by_site, false) as is_canceled_by_site,
    dated.last_seen_at
from points_last as latest
inner join orders_dated as dated on dated.entity_number = latest.entity_number
left join parcels_tracked on parcels_tracked.entity_number = latest.entity_number
left join lifecycle_now as told on told.kind = 'store_order' and told.row_id = latest.order_row_id
left join lifecycle_now as parcels on parcels.kind = 'fulfillments' and parcels.row_id = latest.shipments_row_id
