-- subscriptions: one row per Pricing Plans order, drafts too, as it stands: latest facts and milestones.
create or replace view subscriptions as
with

events_read as (

    select
        events.row_id,
        events.entity_number,
        told.instance_id,
        told.entity_id,
        events.position,
        events.is_last,
        events.state,
        events.status,
        events.happened_at,
        told.payment_status,
        told.contact_id,
        told.member_id,
        told.currency,
        told.created_at,
        told.plan_id,
        told.plan_name,
        told.price_total,
        coalesce(told.price_recurring, told.price_total) as price,
        told.is_recurring,
        told.trial_days,
        told.start_at,
        told.end_at,
        told.current_cycle_ends_at,
        told.cancellation_cause,
        events.state in ('active', 'set_to_cancel', 'paused') as is_running,
        events.state in ('ended', 'canceled') as is_over,
        coalesce(events.state_before in ('ended', 'canceled'), false) as was_over,
        coalesce(told.auto_renew_canceled, false) or events.state = 'set_to_cancel' as is_set_to_cancel,
        coalesce(events.auto_renew_canceled_before, false)
        or coalesce(events.state_before = 'set_to_cancel', false) as was_set_to_cancel,
        told.start_at < least(told.end_at, events.happened_at)
        and told.payment_status is distinct from 'UNPAID'
        and told.cancellation_cause is distinct from 'PAYMENT_SETUP_FAILURE' as had_run,
        -- What Wix calls the start, unless it lies ahead of the event that says it has come; the others alike.
        case when told.start_at <= events.happened_at then told.start_at else events.happened_at end as start_seen_at,
        case when told.end_at <= events.happened_at then told.end_at else events.happened_at end as end_seen_at,
        case
            when told.cancel_requested_at <= events.happened_at then told.cancel_requested_at
            else events.happened_at
        end as request_seen_at
    from entity_events as events
    inner join lifecycle_now as told on told.kind = 'subscription' and told.row_id = events.row_id
    where events.kind = 'subscription'

),

orders_dated as (

    select
        entity_number,
        min(happened_at) as first_seen_at,
        max(happened_at) as last_seen_at,
        -- One that was over when we first saw it had run, unless it never got off the ground.
        coalesce(
            arg_min(start_seen_at, position) filter (where is_running),
            arg_min(start_seen_at, position) filter (where position = 1 and is_over and had_run)
        ) as started_at,
        arg_min(happened_at, position) filter (where payment_status = 'PAID') as first_paid_at,
        -- Free at first, as a coupon may have it, and priced later.
        case
            when min(position) filter (where price > 0) > min(position) filter (where is_running)
                then arg_min(happened_at, position) filter (where price > 0)
        end as priced_at,
        -- Where the last stretch of each kind began, which is of use if it has not ended.
        arg_max(request_seen_at, position) filter (where is_set_to_cancel and not was_set_to_cancel)
            as set_to_cancel_at,
        arg_max(end_seen_at, position) filter (where is_over and not was_over) as ended_at,
        arg_max(cancellation_cause, position) filter (where is_over) as cause_word
    from events_read
    group by entity_number

),

orders_last as (

    select
        events.*,
        told.facts -> '$.pauses' as pauses
    from events_read as events
    inner join lifecycle_now as told on told.kind = 'subscription' and told.row_id = events.row_id
    where events.is_last

)

select
    latest.entity_number,
    latest.instance_id,
    latest.entity_id as order_id,
    latest.state,
    latest.status,
    latest.payment_status,
    latest.contact_id,
    latest.member_id,
    latest.plan_id,
    latest.plan_name,
    coalesce(latest.is_recurring, false) as is_recurring,
    latest.currency,
    latest.pauses,
    latest.price_total,
    latest.price as price_recurring,
    coalesce(latest.created_at, dated.first_seen_at) as created_at,
    dated.started_at,
    case
        when latest.trial_days > 0
            then coalesce(latest.start_at, dated.started_at) + to_days(try_cast(latest.trial_days as integer))
    end as trial_ends_at,
    dated.first_paid_at,
    dated.priced_at,
    case when latest.is_set_to_cancel then dated.set_to_cancel_at end as set_to_cancel_at,
    latest.current_cycle_ends_at as paid_until,
    latest.end_at,
    dated.first_seen_at,
    case when latest.is_over then dated.ended_at end as ended_at,
    case
        when not latest.is_over then null
        when dated.cause_word = 'MEMBER_ACTION' then 'voluntary'
        when dated.cause_word in ('PAYMENT_FAILURE', 'PAYMENT_SETUP_FAILURE') then 'involuntary'
        when dated.cause_word = 'OWNER_ACTION' then 'owner'
        when dated.cause_word is null and latest.state = 'ended' then 'completed'
        else 'unknown'
    end as end_cause,
    dated.last_seen_at
from orders_last as latest
inner join orders_dated as dated on dated.entity_number = latest.entity_number
