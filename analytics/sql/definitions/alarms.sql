-- alarms: one row per alarm that the words and clocks in the events of one entity raise.
create or replace view alarms as
with

events_read as (

    select
        kind,
        family_of(kind) as family,
        instance_id,
        entity_id,
        event_id,
        sequence,
        status,
        payment_status,
        fulfillment_status,
        happened_at,
        known_at
    from lifecycle_now
    where is_from_event

),

words_read as (

    select
        'unknown_status' as alarm, kind || ' status' as field, status as word, family, instance_id, entity_id,
        event_id, happened_at
    from events_read
    where status is not null and kind in ('subscription', 'store_order', 'payment')
    union all
    select
        'unknown_status' as alarm, kind || ' payment' as field, payment_status as word, family, instance_id, entity_id,
        event_id, happened_at
    from events_read
    where payment_status is not null and kind in ('subscription', 'store_order', 'payment')
    union all
    select
        'unknown_status' as alarm, kind || ' fulfillment' as field, fulfillment_status as word, family, instance_id,
        entity_id, event_id, happened_at
    from events_read
    where fulfillment_status is not null and kind in ('subscription', 'store_order', 'payment')
    union all
    select
        'unknown_cause' as alarm, 'subscription cause' as field, facts ->> '$.cancellation_cause' as word,
        'subscription' as family, instance_id, entity_id, event_id, happened_at
    from lifecycle_now
    where is_from_event and kind = 'subscription'

),

words_unknown as (

    select
        words_read.alarm,
        words_read.family,
        words_read.instance_id,
        words_read.entity_id,
        words_read.event_id,
        words_read.happened_at
    from words_read
    anti join known_words
        on
            known_words.field = words_read.field
            and known_words.word = words_read.word
    where words_read.word is not null

),

sequences_shared as (

    select
        'sequence_conflict' as alarm,
        family,
        instance_id,
        entity_id,
        max(event_id) as event_id,
        max(happened_at) as happened_at
    from events_read
    where sequence is not null
    group by family, kind, instance_id, entity_id, sequence
    -- Several events of one change may share a number; they must then show the same state.
    having
        min(coalesce(status, '') || ' ' || coalesce(payment_status, ''))
        <> max(coalesce(status, '') || ' ' || coalesce(payment_status, ''))

),

events_unknown as (

    select
        'unknown_type' as alarm,
        family,
        instance_id,
        entity_id,
        event_id,
        happened_at
    from events_read
    where kind = 'unrecognized'

),

events_ahead as (

    select
        'clock_skew' as alarm,
        family,
        instance_id,
        entity_id,
        event_id,
        happened_at
    from events_read
    -- The broker keeps time in whole milliseconds.
    where happened_at > known_at + interval 1 millisecond

),

alarms_raised as (

    select * from words_unknown
    union all
    select * from sequences_shared
    union all
    select * from events_unknown
    union all
    select * from events_ahead

)

select * from alarms_raised
