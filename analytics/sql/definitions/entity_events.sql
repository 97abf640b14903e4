-- entity_events: one row per event of a subscription, store order, its fulfillments or a payment.
-- `position` counts the events of one entity from 1 in the one order that all reports use, however they arrived.
-- `settled_at` never goes back along that order; it lets two entities be read side by side. What was `before` is what
-- the event before said.
create or replace view entity_events as
with

-- Few columns, since all of them are sorted; what else an event says is found by the id of its row.
events_listed as (

    select
        row_id,
        kind,
        entity_number,
        event_id,
        what,
        sequence,
        state,
        status,
        auto_renew_canceled,
        happened_at
    from lifecycle_now
    where
        is_from_event
        and kind in ('subscription', 'store_order', 'fulfillments', 'payment')

),

-- Few entities have events without a number: only their rows are compared for it.
entities_unnumbered as (

    select distinct
        kind,
        entity_number
    from events_listed
    where sequence is null

),

-- Where Wix sent no number: the highest among events that are no later.
events_sequenced as (

    select
        events_listed.row_id,
        max(events_listed.sequence) over (
            partition by events_listed.kind, events_listed.entity_number
            order by events_listed.happened_at
        ) as highest_sequence
    from events_listed
    semi join entities_unnumbered
        on
            entities_unnumbered.kind = events_listed.kind
            and entities_unnumbered.entity_number = events_listed.entity_number

),

events_placed as (

    select
        events_listed.*,
        row_number() over placed as position,
        max(events_listed.happened_at) over placed as settled_at,
        lag(events_listed.state) over placed as state_before,
        lag(events_listed.status) over placed as status_before,
        lag(events_listed.auto_renew_canceled) over placed as auto_renew_canceled_before,
        lead(events_listed.row_id) over placed is null as is_last
    from events_listed
    left join events_sequenced on events_sequenced.row_id = events_listed.row_id
    left join slug_ranks on slug_ranks.slug = events_listed.what
    window placed as (
        -- An order and its fulfillments share a number.
        partition by events_listed.entity_number, events_listed.kind = 'fulfillments'
        order by
            coalesce(events_listed.sequence, events_sequenced.highest_sequence) nulls first,
            events_listed.sequence is null,
            events_listed.happened_at,
            coalesce(slug_ranks.slug_rank, 99),
            events_listed.event_id
        rows between unbounded preceding and current row
    )

)

select
    row_id,
    kind,
    entity_number,
    event_id,
    what,
    position,
    is_last,
    state,
    state_before,
    status,
    status_before,
    auto_renew_canceled_before,
    happened_at,
    settled_at
from events_placed
