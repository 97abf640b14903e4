-- lifecycle_now: one row per row that stands: of each event the highest mapping version known before as_of.
-- Rows of outcomes and dead letters have no mapping version of their own: all of them stand.
create or replace view lifecycle_now as
with

known_rows as not materialized (

    select *
    from lifecycle
    where
        getvariable('as_of') is null
        or known_at < cast(getvariable('as_of') as timestamp)

),

-- Empty, and so of no cost, while all events were read by one mapping version.
events_restated as (

    select
        instance_id,
        event_id,
        mapping_version
    from known_rows
    where is_from_event and mapping_version > (select min(mapping_version) from lifecycle where is_from_event)

)

select
    row_id,
    entity_number,
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
    identity_type,
    currency,
    created_at,
    updated_at,
    number,
    total,
    is_plan_order,
    lines,
    shipments,
    plan_id,
    plan_name,
    price_total,
    price_recurring,
    is_recurring,
    cycle_unit,
    cycle_count,
    trial_days,
    start_at,
    end_at,
    current_cycle_ends_at,
    auto_renew_canceled,
    cancellation_cause,
    cancel_requested_at,
    app_id,
    amount,
    refunded_amount,
    flow,
    outcome,
    step,
    reason,
    event_at,
    decided_at,
    done_at,
    facts,
    happened_at,
    received_at,
    known_at
from known_rows
where
    not is_from_event
    or not exists (
        select 1
        from events_restated
        where
            events_restated.instance_id = known_rows.instance_id
            and events_restated.event_id = known_rows.event_id
            and events_restated.mapping_version > known_rows.mapping_version
    )
