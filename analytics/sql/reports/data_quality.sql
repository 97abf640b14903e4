-- data_quality: one row per kind of alarm; all kinds are listed, the quiet ones with 0.
with

alarms_raised as (

    select
        alarm,
        instance_id,
        event_id,
        happened_at
    from alarms
    union all
    select
        'illegal_transition' as alarm,
        instance_id,
        event_id,
        happened_at
    from status_changes
    where not is_legal
    union all
    select
        'fulfilled_before_paid' as alarm,
        instance_id,
        paid_event_id as event_id,
        paid_at as happened_at
    from store_orders
    where not is_plan_order and least(first_fulfilled_at, fulfilled_at) < paid_at
    union all
    select
        'other_payment_app' as alarm,
        instance_id,
        effect_key as event_id,
        event_at as happened_at
    from effects
    where outcome = 'suppressed' and reason = 'other_app'

),

alarms_chosen as (

    select *
    from alarms_raised
    where
        chosen($site, instance_id)
        and within(happened_at, $start, $end)

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
    count(distinct alarms_chosen.event_id) as events,
    arg_max(alarms_chosen.event_id, (alarms_chosen.happened_at, alarms_chosen.event_id)) as last_event_id,
    max(alarms_chosen.happened_at) as last_at
from alarms_listed
left join alarms_chosen on alarms_chosen.alarm = alarms_listed.alarm
group by alarms_listed.alarm
order by alarms_listed.alarm
