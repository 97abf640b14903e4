-- store_orders_listed: one row per store order, drafts too, as lists and steps tell of it; those made of plans alone are
-- none. `payment_status` is Wix's word, or `payment_on_delivery`.
create or replace view store_orders_listed as
select
    'store' as kind,
    instance_id,
    order_id,
    number,
    state,
    status,
    -- Wix approves what is paid, what costs nothing, and what is to be paid by hand.
    case
        when status = 'APPROVED' and payment_status = 'NOT_PAID' and coalesce(total > 0, true)
            then 'payment_on_delivery'
        else payment_status
    end as payment_status,
    fulfillment_status,
    nullif(contact_id, '') as contact_id,
    nullif(member_id, '') as member_id,
    currency,
    total as amount,
    is_paid,
    is_fulfilled,
    state not in ('draft', 'fulfilled', 'canceled', 'rejected') and placed_at is not null as is_open,
    placed_at,
    paid_at,
    first_fulfilled_at,
    fulfilled_at,
    tracked_at,
    canceled_at,
    shipments,
    last_seen_at
from store_orders
where not is_plan_order
