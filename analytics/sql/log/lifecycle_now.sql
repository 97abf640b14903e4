-- lifecycle_now: one row per row that stands: of each event the highest mapping version known before as_of.
-- Rows of outcomes and dead letters have no mapping version of their own: all of them stand.
create or replace view lifecycle_now as
with

known_rows as (

    select *
    from lifecycle
    where
        getvariable('as_of') is null
        or known_at < cast(getvariable('as_of') as timestamp)

),

versions_compared as (

    select
        *,
        max(mapping_version) filter (where is_from_event)
            over (partition by instance_id, event_id) as highest_version
    from known_rows

)

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
from versions_compared
where not is_from_event or mapping_version = highest_version
