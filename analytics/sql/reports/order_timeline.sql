-- order_timeline: one row per thing that happened to one order, in order.
with

rows_chosen as (

    select
        rows_now.*,
        entity_events.position
    from lifecycle_now as rows_now
    left join entity_events
        on
            entity_events.kind = rows_now.kind
            and entity_events.instance_id = rows_now.instance_id
            and entity_events.entity_id = rows_now.entity_id
            and entity_events.event_id = rows_now.event_id
            and entity_events.what = rows_now.what
    where
        (rows_now.order_id = $order_id or (rows_now.entity_id = $order_id and rows_now.kind <> 'effect'))
        and chosen($site, rows_now.instance_id)
        and chosen($currency, coalesce(rows_now.currency, list_first($currency)))
        and within(rows_now.happened_at, $start, $end)

),

rows_told as (

    select
        instance_id,
        kind,
        what,
        event_id,
        position,
        step,
        happened_at,
        known_at,
        coalesce(status, outcome, facts ->> '$.outcome') as status,
        nullif(
            concat_ws(
                ' · ',
                flow,
                facts ->> '$.reason',
                nullif(payment_status, status),
                fulfillment_status,
                facts ->> '$.cancellation_cause',
                money(amount(coalesce(facts ->> '$.amount', facts ->> '$.total', facts ->> '$.price_total')))
                || ' ' || currency,
                facts ->> '$.shipping_provider',
                facts ->> '$.tracking_number',
                case
                    when kind = 'fulfillments'
                        then json_array_length(facts -> '$.shipments') || ' fulfillments'
                end
            ),
            ''
        ) as detail
    from rows_chosen

)

select
    happened_at,
    known_at,
    what,
    status,
    detail,
    event_id,
    date_diff('microsecond', lag(happened_at) over in_order, happened_at) / 3600000000.0 as since_previous_hours
from rows_told
window in_order as (order by happened_at, kind, position, step, event_id, what)
order by happened_at, kind, position, step, event_id, what
