-- parcels: one row per fulfillment of a store order as it stands; of those that count, neither drafts nor made of plans
-- alone. `is_trackable`: it has a number, and a link or a carrier whose link Wix makes.
create or replace view parcels as
with

parcels_listed as (

    select
        entity_number,
        instance_id,
        order_id,
        currency,
        unnest(shipments) as parcel
    from store_orders
    where not is_plan_order and state <> 'draft'

)

select
    entity_number,
    instance_id,
    order_id,
    currency,
    coalesce(
        parcel.tracking_number is not null
        and (parcel.tracking_link is not null or list_contains(known_carriers(), lower(parcel.shipping_provider))),
        false
    ) as is_trackable,
    parcel.created_at
from parcels_listed
