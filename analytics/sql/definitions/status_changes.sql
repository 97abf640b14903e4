-- status_changes: one row per change of an order's status, in Wix's words for store orders, in ours for subscriptions.
-- `changed_before_at` is when the order last changed so before: orders that did within a period are those rows of it
-- whose own is before the period. `kind` is that of `orders`, and null of orders made of plans alone.
create or replace view status_changes as
with

states_named as (

    select
        kind,
        entity_number,
        event_id,
        happened_at,
        position,
        -- Asking not to renew changes nothing yet.
        case
            when kind = 'store_order' then status
            when state = 'set_to_cancel' then 'active'
            else state
        end as to_status,
        case
            when kind = 'store_order' then status_before
            when state_before = 'set_to_cancel' then 'active'
            else state_before
        end as from_status
    from entity_events
    where kind in ('subscription', 'store_order')

),

changes_listed as (

    select
        *,
        lag(happened_at) over (
            partition by entity_number, from_status, to_status
            order by happened_at, position
        ) as changed_before_at
    from states_named
    where from_status <> to_status

),

orders_listed as (

    select
        case when not is_plan_order then 'store' end as kind,
        entity_number,
        instance_id,
        order_id,
        case when not is_plan_order then currency end as currency
    from store_orders
    union all
    select
        'subscription' as kind,
        entity_number,
        instance_id,
        order_id,
        currency
    from subscriptions

)

select
    changes.kind as family,
    orders_listed.kind,
    changes.entity_number,
    orders_listed.instance_id,
    orders_listed.order_id,
    orders_listed.currency,
    changes.event_id,
    changes.from_status,
    changes.to_status,
    legal_transitions.kind is not null as is_legal,
    changes.happened_at,
    changes.changed_before_at
from changes_listed as changes
left join legal_transitions
    on
        legal_transitions.kind = changes.kind
        and legal_transitions.from_state = changes.from_status
        and legal_transitions.to_state = changes.to_status
inner join orders_listed on orders_listed.entity_number = changes.entity_number
