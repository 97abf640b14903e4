-- arriving_rows: each row id of the spool once, as it was first, at the earliest time it was known.
create or replace temp view arriving_rows as
select
    row_id,
    mapping_version,
    kind,
    what,
    instance_id,
    entity_id,
    order_id,
    event_id,
    event_type,
    sequence,
    is_from_event,
    happened_at,
    received_at,
    coalesce(first_known_at, known_at) as known_at,
    state,
    status,
    payment_status,
    fulfillment_status,
    contact_id,
    member_id,
    currency,
    created_at,
    flow,
    outcome,
    step,
    facts
from spooled
left join repeated on repeated.repeated_id = spooled.row_id
where is_trusted and (first_offset is null or first_offset = spool_offset)
