-- step_durations: one row per store order that reached the first milestone of a step, and how it went on from there.
-- `outcome` is finished, canceled (left without finishing) or open; hours run until then, or until now.
create or replace macro step_durations(chosen_step, now_at) as table
with

milestones_picked as (

    select
        instance_id,
        order_id,
        currency,
        state,
        last_seen_at,
        canceled_at,
        case chosen_step
            when 'placed_paid' then placed_at
            when 'placed_fulfilled' then placed_at
            when 'fulfilled_tracked' then fulfilled_at
            else paid_at
        end as first_at,
        case chosen_step
            when 'placed_paid' then paid_at
            when 'paid_first_fulfilled' then first_fulfilled_at
            when 'fulfilled_tracked' then tracked_at
            else fulfilled_at
        end as second_at,
        -- Reached, but nobody saw when: left out.
        case chosen_step
            when 'placed_paid' then is_paid and paid_at is null
            when 'paid_first_fulfilled' then is_fulfilled and first_fulfilled_at is null
            when 'fulfilled_tracked' then false
            else is_fulfilled and fulfilled_at is null
        end as is_untimed
    from store_orders_listed
    where state <> 'draft'

),

exits_dated as (

    select
        *,
        case
            when state = 'rejected' then last_seen_at
            when state = 'canceled' and (second_at is null or canceled_at < second_at) then canceled_at
        end as left_at,
        state = 'canceled' and canceled_at is null and second_at is null as is_left_untimed
    from milestones_picked
    where first_at is not null and not is_untimed

)

select
    instance_id,
    order_id,
    currency,
    first_at,
    case when left_at is null then second_at end as second_at,
    case
        when left_at is not null then 'canceled'
        when second_at is not null then 'finished'
        else 'open'
    end as outcome,
    hours_between(first_at, coalesce(left_at, second_at, now_at)) as hours
from exits_dated
where not is_left_untimed
