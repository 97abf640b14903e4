-- alarms: one row per alarm that the words and clocks in the events of one entity raise.
create or replace view alarms as
with

events_read as (

    select
        *,
        family_of(kind) as family,
        facts ->> '$.cancellation_cause' as cause_word
    from lifecycle_now
    where is_from_event

),

words_read as (

    select
        *,
        unnest(
            [
                {'alarm': 'unknown_status', 'field': kind || ' status', 'word': status},
                {'alarm': 'unknown_status', 'field': kind || ' payment', 'word': payment_status},
                {'alarm': 'unknown_status', 'field': kind || ' fulfillment', 'word': fulfillment_status},
                {'alarm': 'unknown_cause', 'field': kind || ' cause', 'word': cause_word}
            ]
        ) as said
    from events_read
    where kind in ('subscription', 'store_order', 'payment')

),

words_unknown as (

    select
        words_read.said.alarm as alarm,
        words_read.family,
        words_read.instance_id,
        words_read.entity_id,
        words_read.event_id,
        words_read.happened_at
    from words_read
    anti join known_words
        on
            known_words.field = words_read.said.field
            and known_words.word = words_read.said.word
    where words_read.said.word is not null

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
    having count(distinct coalesce(status, '') || ' ' || coalesce(payment_status, '')) > 1

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
