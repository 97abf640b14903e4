-- alarms: one row per alarm that the words and clocks in the events of one entity raise.
create or replace view alarms as
with

events_read as (

    select
        kind,
        family_of(kind) as family,
        entity_number,
        instance_id,
        entity_id,
        event_id,
        sequence,
        status,
        payment_status,
        fulfillment_status,
        cancellation_cause,
        happened_at,
        known_at
    from lifecycle_now
    where is_from_event

),

-- Events share few words: these are compared with the reference, and only who used an unknown one is looked for.
words_used as (

    select distinct
        kind,
        unnest([
            {'field': kind || ' status', 'word': status},
            {'field': kind || ' payment', 'word': payment_status},
            {'field': kind || ' fulfillment', 'word': fulfillment_status},
            {'field': kind || ' cause', 'word': cancellation_cause}
        ]) as used
    from (
        select distinct
            kind,
            status,
            payment_status,
            fulfillment_status,
            cancellation_cause
        from events_read
        where kind in ('subscription', 'store_order', 'payment')
    ) as used_together

),

words_strange as (

    select
        words_used.kind,
        words_used.used.field as field,
        words_used.used.word as word
    from words_used
    anti join known_words
        on
            known_words.field = words_used.used.field
            and known_words.word = words_used.used.word
    where words_used.used.word is not null

),

words_unknown as (

    select
        case when ends_with(strange.field, ' cause') then 'unknown_cause' else 'unknown_status' end as alarm,
        events.family,
        events.entity_number,
        events.instance_id,
        events.entity_id,
        events.event_id,
        events.happened_at
    from events_read as events
    inner join words_strange as strange
        on
            strange.kind = events.kind
            and strange.word = case split_part(strange.field, ' ', 2)
                when 'status' then events.status
                when 'payment' then events.payment_status
                when 'fulfillment' then events.fulfillment_status
                else events.cancellation_cause
            end

),

-- By a hash first: few events share their number with another.
sequences_twice as (

    select hash(kind, entity_number, sequence) as shared
    from events_read
    where sequence is not null
    group by shared
    having count(*) > 1

),

sequences_shared as (

    select
        'sequence_conflict' as alarm,
        family,
        entity_number,
        instance_id,
        entity_id,
        max(event_id) as event_id,
        max(happened_at) as happened_at
    from events_read
    where sequence is not null and hash(kind, entity_number, sequence) in (select shared from sequences_twice)
    group by family, kind, entity_number, instance_id, entity_id, sequence
    -- Several events of one change may share a number; they must then show the same state.
    having
        min(coalesce(status, '') || ' ' || coalesce(payment_status, ''))
        <> max(coalesce(status, '') || ' ' || coalesce(payment_status, ''))

),

events_unknown as (

    select
        'unknown_type' as alarm,
        family,
        entity_number,
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
        entity_number,
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
