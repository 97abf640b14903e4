-- lifecycle_now: one row per row that stands: of each event the highest mapping version.
create or replace view lifecycle_now as
select
    row_id,
    instance_id,
    entity_id,
    order_id,
    event_id,
    kind,
    what,
    event_type,
    mapping_version,
    is_from_event,
    sequence,
    state,
    status,
    payment_status,
    fulfillment_status,
    contact_id,
    member_id,
    currency,
    flow,
    outcome,
    step,
    facts,
    created_at,
    happened_at,
    received_at,
    known_at
from lifecycle
where stands
