-- entity_events: one row per event of a subscription, store order, its fulfillments or a payment.
-- `position` counts the events of one entity from 1 in the one order that all reports use, however they arrived.
-- `settled_at` never goes back along that order; it lets two entities be read side by side.
create or replace view entity_events as
with

events_sequenced as (

    select
        *,
        -- Where Wix sent no number: the highest among events that are no later.
        coalesce(
            sequence,
            max(sequence) over (
                partition by kind, instance_id, entity_id
                order by happened_at
            )
        ) as effective_sequence
    from lifecycle_now
    where
        is_from_event
        and kind in ('subscription', 'store_order', 'fulfillments', 'payment')

),

events_placed as (

    select
        events_sequenced.*,
        row_number() over (
            partition by kind, instance_id, entity_id
            order by
                effective_sequence nulls first,
                sequence is null,
                happened_at,
                coalesce(slug_rank, 99),
                event_id
        ) as position
    from events_sequenced
    left join slug_ranks on slug_ranks.slug = events_sequenced.what

)

select
    kind,
    instance_id,
    entity_id,
    order_id,
    event_id,
    what,
    position,
    sequence,
    state,
    status,
    payment_status,
    fulfillment_status,
    contact_id,
    member_id,
    currency,
    facts,
    created_at,
    happened_at,
    max(happened_at) over (
        partition by kind, instance_id, entity_id
        order by position
    ) as settled_at
from events_placed
