-- subscriptions: one row per Pricing Plans order, drafts too, as it stands: latest facts and milestones.
create or replace view subscriptions as
with

events_read as (

    select
        *,
        moment(facts ->> '$.start_at') as start_at,
        moment(facts ->> '$.end_at') as end_at,
        moment(facts ->> '$.cancel_requested_at') as cancel_requested_at,
        facts ->> '$.cancellation_cause' as cause_word,
        state in ('active', 'set_to_cancel', 'paused') as is_running,
        state in ('ended', 'canceled') as is_over,
        coalesce((facts ->> '$.auto_renew_canceled') = 'true', false) or state = 'set_to_cancel' as is_set_to_cancel,
        moment(facts ->> '$.start_at') < least(moment(facts ->> '$.end_at'), happened_at)
        and payment_status is distinct from 'UNPAID'
        and (facts ->> '$.cancellation_cause') is distinct from 'PAYMENT_SETUP_FAILURE' as had_run
    from entity_events
    where kind = 'subscription'

),

events_compared as (

    select
        *,
        max(position) over whole as last_position,
        coalesce(max(position) filter (where not is_over) over whole, 0) as last_running,
        coalesce(max(position) filter (where not is_set_to_cancel) over whole, 0) as last_renewing,
        -- One that was over when we first saw it had run, unless it never got off the ground.
        coalesce(
            min(position) filter (where is_running) over whole,
            min(position) filter (where position = 1 and is_over and had_run) over whole
        ) as first_running,
        min(position) filter (where payment_status = 'PAID') over whole as first_paid
    from events_read
    window whole as (partition by instance_id, entity_id)

),

orders_dated as (

    select
        instance_id,
        entity_id,
        min(happened_at) as first_seen_at,
        max(happened_at) as last_seen_at,
        -- What Wix calls the start, unless it lies ahead of the event that says it has come.
        any_value(case when start_at <= happened_at then start_at else happened_at end)
            filter (where position = first_running) as started_at,
        any_value(happened_at) filter (where position = first_paid) as first_paid_at,
        any_value(case when cancel_requested_at <= happened_at then cancel_requested_at else happened_at end)
            filter (where position = last_renewing + 1) as set_to_cancel_at,
        any_value(case when end_at <= happened_at then end_at else happened_at end)
            filter (where position = last_running + 1) as ended_at,
        arg_max(cause_word, position) filter (where is_over) as cause_word
    from events_compared
    group by all

),

events_last as (

    select *
    from events_compared
    where position = last_position

)

select
    latest.instance_id,
    latest.entity_id as order_id,
    latest.state,
    latest.status,
    latest.payment_status,
    latest.contact_id,
    latest.member_id,
    latest.facts ->> '$.plan_id' as plan_id,
    latest.facts ->> '$.plan_name' as plan_name,
    coalesce((latest.facts ->> '$.is_recurring') = 'true', false) as is_recurring,
    latest.currency,
    latest.facts -> '$.pauses' as pauses,
    amount(latest.facts ->> '$.price_total') as price_total,
    amount(coalesce(latest.facts ->> '$.price_recurring', latest.facts ->> '$.price_total')) as price_recurring,
    coalesce(latest.created_at, dated.first_seen_at) as created_at,
    dated.started_at,
    case
        when try_cast(latest.facts ->> '$.trial_days' as integer) > 0
            then coalesce(latest.start_at, dated.started_at)
                + to_days(try_cast(latest.facts ->> '$.trial_days' as integer))
    end as trial_ends_at,
    dated.first_paid_at,
    dated.set_to_cancel_at,
    moment(latest.facts ->> '$.current_cycle_ends_at') as paid_until,
    latest.end_at,
    dated.first_seen_at,
    dated.ended_at,
    case
        when dated.ended_at is null then null
        when dated.cause_word = 'MEMBER_ACTION' then 'voluntary'
        when dated.cause_word in ('PAYMENT_FAILURE', 'PAYMENT_SETUP_FAILURE') then 'involuntary'
        when dated.cause_word = 'OWNER_ACTION' then 'owner'
        when dated.cause_word is null and latest.state = 'ended' then 'completed'
        else 'unknown'
    end as end_cause,
    dated.last_seen_at
from events_last as latest
inner join orders_dated as dated
    on
        dated.instance_id = latest.instance_id
        and dated.entity_id = latest.entity_id
