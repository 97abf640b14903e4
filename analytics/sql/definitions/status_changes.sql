-- status_changes: one row per change of an order's status, in Wix's words for store orders, in ours for subscriptions.
create or replace view status_changes as
with

states_named as (

    select
        kind,
        instance_id,
        entity_id,
        event_id,
        happened_at,
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

)

select
    changes.kind as family,
    changes.instance_id,
    changes.entity_id as order_id,
    changes.event_id,
    changes.from_status,
    changes.to_status,
    legal_transitions.kind is not null as is_legal,
    changes.happened_at
from states_named as changes
left join legal_transitions
    on
        legal_transitions.kind = changes.kind
        and legal_transitions.from_state = changes.from_status
        and legal_transitions.to_state = changes.to_status
where changes.from_status <> changes.to_status
