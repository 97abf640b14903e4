-- effect_log: one row per effect, the newest first, a page at a time.
with

-- One more than the page holds tells whether there is a next one. A cursor is "time key" of the page's last row.
effects_chosen as (

    select *
    from effects
    where
        chosen($flow, flow)
        and chosen($outcome, outcome)
        and chosen($site, instance_id)
        and ($order_id is null or order_id = $order_id)
        and within(event_at, $start, $end)
        and (
            $cursor is null
            or event_at < moment(split_part($cursor, ' ', 1))
            or (
                event_at = moment(split_part($cursor, ' ', 1))
                and effect_key < substr($cursor, instr($cursor, ' ') + 1)
            )
        )
    order by event_at desc, effect_key desc
    limit $limit + 1

),

effects_numbered as (

    select
        *,
        row_number() over (order by event_at desc, effect_key desc) as page_row,
        count(*) over () as matching
    from effects_chosen

),

effects_paged as (

    select
        *,
        case
            when matching > $limit
                then
                    strftime(min(event_at) over (), '%Y-%m-%dT%H:%M:%S.%fZ')
                    || ' ' || arg_min(effect_key, (event_at, effect_key)) over ()
        end as next_cursor
    from effects_numbered
    where page_row <= $limit

)

select
    effect_key,
    instance_id as site,
    order_id,
    flow,
    outcome,
    reason,
    decided_at,
    done_at,
    coalesce(try_cast(facts ->> '$.attempts' as integer), 0) as attempts,
    facts ->> '$.wix_id' as wix_id,
    nullif(
        concat_ws(
            ' ',
            facts ->> '$.consent.subscription_status',
            facts ->> '$.consent.deliverability_status',
            facts ->> '$.consent.asked_at'
        ),
        ''
    ) as consent,
    facts ->> '$.ref' as ref,
    facts ->> '$.fingerprint' as fingerprint,
    try_cast(facts ->> '$.last_status' as integer) as last_status,
    facts ->> '$.last_code' as last_code,
    facts ->> '$.request_id' as request_id,
    moment(facts ->> '$.next_at') as next_at,
    facts ->> '$.next_step' as next_step,
    next_cursor
from effects_paged
order by page_row
