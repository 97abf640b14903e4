-- subscription_spans: one row per stretch of a subscription's life with one price and state, from its start to its
-- end. `mrr` is what it brings a month: nothing while it is on trial, free, paid once or paused.
create or replace view subscription_spans as
with

events_followed as (

    select
        events.entity_number,
        told.instance_id,
        told.entity_id as order_id,
        events.position,
        events.state,
        events.settled_at,
        told.currency,
        coalesce(told.price_recurring, told.price_total) as price,
        coalesce(told.is_recurring, false) as is_recurring,
        told.cycle_unit,
        told.cycle_count,
        lead(events.settled_at) over (
            partition by events.entity_number
            order by events.position
        ) as next_at
    from entity_events as events
    inner join lifecycle_now as told on told.kind = 'subscription' and told.row_id = events.row_id
    where events.kind = 'subscription'

),

lives_joined as (

    select
        events.*,
        lives.started_at as life_start,
        lives.ended_at as life_end,
        lives.trial_ends_at,
        -- One that was over when we first saw it ran until then.
        coalesce(
            min(events.position) filter (where events.state in ('active', 'set_to_cancel', 'paused'))
                over (partition by events.entity_number),
            1
        ) as first_running
    from events_followed as events
    inner join subscriptions as lives on lives.entity_number = events.entity_number
    where lives.started_at is not null

),

spans_cut as (

    select
        *,
        case
            when position = first_running then life_start
            else greatest(settled_at, life_start)
        end as began_at,
        least(next_at, life_end) as over_at
    from lives_joined
    where position >= first_running

),

spans_split as (

    select
        *,
        unnest(
            case
                when trial_ends_at > began_at and (over_at is null or trial_ends_at < over_at)
                    then
                        [
                            {'from_at': began_at, 'until_at': trial_ends_at},
                            {'from_at': trial_ends_at, 'until_at': over_at}
                        ]
                else [{'from_at': began_at, 'until_at': over_at}]
            end
        ) as piece
    from spans_cut
    where over_at is null or over_at > began_at

),

spans_priced as (

    select
        *,
        coalesce(piece.from_at < trial_ends_at, false) as is_trial,
        state = 'paused' as is_paused,
        case cycle_unit
            when 'DAY' then 365.25 / 12
            when 'WEEK' then 365.25 / 84
            when 'MONTH' then 1.0
            when 'YEAR' then 1.0 / 12
        end / coalesce(nullif(try_cast(cycle_count as integer), 0), 1) as months_factor
    from spans_split
    where state in ('active', 'set_to_cancel', 'paused') or position = first_running

),

spans_valued as (

    select
        entity_number,
        instance_id,
        order_id,
        currency,
        is_paused,
        is_recurring and coalesce(price > 0, false) and not is_trial as is_paying,
        case
            when is_recurring and price > 0 and not is_trial and not is_paused
                then cast(round(price * months_factor, 6) as decimal(38, 6))
            else 0
        end as mrr,
        piece.from_at as began_at,
        piece.until_at as ended_at
    from spans_priced

),

-- A new cycle at the same price is the same stretch.
spans_compared as (

    select
        *,
        lag(ended_at) over followed is distinct from began_at
        or lag((currency, is_paused, is_paying, mrr)) over followed
        is distinct from (currency, is_paused, is_paying, mrr) as is_begin
    from spans_valued
    window followed as (
        partition by entity_number
        order by began_at
    )

),

spans_numbered as (

    select
        *,
        sum(case when is_begin then 1 else 0 end) over (
            partition by entity_number
            order by began_at
        ) as stretch
    from spans_compared

)

select
    entity_number,
    any_value(instance_id) as instance_id,
    any_value(order_id) as order_id,
    any_value(currency) as currency,
    bool_and(is_paused) as is_paused,
    bool_and(is_paying) as is_paying,
    any_value(mrr) as mrr,
    min(began_at) as began_at,
    case when bool_and(ended_at is not null) then max(ended_at) end as ended_at
from spans_numbered
group by entity_number, stretch
