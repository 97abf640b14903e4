-- data_quality: one row per kind of alarm; all kinds are listed, the quiet ones with 0.
with

events_read as (

    select
        *,
        facts ->> '$.cancellation_cause' as cause_word
    from lifecycle_now
    where
        is_from_event
        and chosen($site, instance_id)
        and within(happened_at, $start, $end)

),

words_read as (

    select event_id, happened_at, 'unknown_status' as alarm, kind || ' status' as field, status as word
    from events_read
    where kind in ('subscription', 'store_order', 'payment')
    union all
    select event_id, happened_at, 'unknown_status' as alarm, kind || ' payment' as field, payment_status as word
    from events_read
    where kind in ('subscription', 'store_order')
    union all
    select
        event_id,
        happened_at,
        'unknown_status' as alarm,
        'store_order fulfillment' as field,
        fulfillment_status as word
    from events_read
    where kind = 'store_order'
    union all
    select event_id, happened_at, 'unknown_cause' as alarm, 'subscription cause' as field, cause_word as word
    from events_read
    where kind = 'subscription'

),

words_unknown as (

    select
        words_read.alarm,
        words_read.event_id,
        words_read.happened_at
    from words_read
    anti join known_words
        on
            known_words.field = words_read.field
            and known_words.word = words_read.word
    where words_read.word is not null

),

states_compared as (

    select
        entity_events.kind,
        entity_events.event_id,
        entity_events.happened_at,
        case
            when kind = 'store_order' then status
            when state = 'set_to_cancel' then 'active'
            else state
        end as to_state,
        lag(
            case
                when kind = 'store_order' then status
                when state = 'set_to_cancel' then 'active'
                else state
            end
        ) over (
            partition by kind, instance_id, entity_id
            order by position
        ) as from_state
    from entity_events
    where
        kind in ('subscription', 'store_order')
        and chosen($site, instance_id)

),

transitions_illegal as (

    select
        'illegal_transition' as alarm,
        states_compared.event_id,
        states_compared.happened_at
    from states_compared
    anti join legal_transitions
        on
            legal_transitions.kind = states_compared.kind
            and legal_transitions.from_state = states_compared.from_state
            and legal_transitions.to_state = states_compared.to_state
    where
        states_compared.from_state is not null
        and states_compared.from_state <> states_compared.to_state
        and within(states_compared.happened_at, $start, $end)

),

sequences_shared as (

    select
        'sequence_conflict' as alarm,
        max(event_id) as event_id,
        max(happened_at) as happened_at
    from events_read
    where sequence is not null
    group by kind, instance_id, entity_id, sequence
    -- Several events of one change may share a number; they must then show the same state.
    having count(distinct coalesce(status, '') || ' ' || coalesce(payment_status, '')) > 1

),

paid_late as (

    select
        'fulfilled_before_paid' as alarm,
        states.event_id,
        states.happened_at
    from orders
    inner join store_order_states as states
        on
            states.instance_id = orders.instance_id
            and states.order_id = orders.order_id
            and states.happened_at = orders.paid_at
            and states.is_paid
    where
        orders.kind = 'store'
        and orders.fulfilled_at < orders.paid_at
        and chosen($site, orders.instance_id)
        and within(orders.paid_at, $start, $end)

),

alarms_raised as (

    select alarm, event_id, happened_at from words_unknown
    union all
    select alarm, event_id, happened_at from transitions_illegal
    union all
    select alarm, event_id, happened_at from sequences_shared
    union all
    select alarm, event_id, happened_at from paid_late
    union all
    select 'unknown_type' as alarm, event_id, happened_at from events_read where kind = 'unrecognized'
    union all
    -- The broker keeps time in whole milliseconds.
    select 'clock_skew' as alarm, event_id, happened_at
    from events_read
    where happened_at > known_at + interval 1 millisecond
    union all
    select 'other_payment_app' as alarm, effect_key as event_id, event_at as happened_at
    from effects
    where
        outcome = 'suppressed'
        and facts ->> '$.reason' = 'other_app'
        and chosen($site, instance_id)
        and within(event_at, $start, $end)

),

alarms_listed as (

    select
        unnest(
            [
                'unknown_type', 'unknown_status', 'unknown_cause', 'illegal_transition', 'sequence_conflict',
                'fulfilled_before_paid', 'clock_skew', 'other_payment_app'
            ]
        ) as alarm

)

select
    alarms_listed.alarm,
    count(distinct alarms_raised.event_id) as events,
    arg_max(alarms_raised.event_id, (alarms_raised.happened_at, alarms_raised.event_id)) as last_event_id,
    max(alarms_raised.happened_at) as last_at
from alarms_listed
left join alarms_raised on alarms_raised.alarm = alarms_listed.alarm
group by alarms_listed.alarm
order by alarms_listed.alarm
