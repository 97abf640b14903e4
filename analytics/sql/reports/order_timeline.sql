-- order_timeline: one row per thing that happened to one order, in order.
with

-- One at a time, so that nothing but the id is read of all other rows.
rows_found as (

    select *
    from lifecycle_now
    where order_id = $order_id
    union all
    select *
    from lifecycle_now
    where entity_id = $order_id and kind <> 'effect' and order_id is distinct from $order_id

),

rows_chosen as (

    select
        rows_now.*,
        -- Where Wix sent no number: the highest among events that are no later.
        coalesce(
            rows_now.sequence,
            max(rows_now.sequence) over (
                partition by rows_now.kind, rows_now.entity_id
                order by rows_now.happened_at
            )
        ) as effective_sequence,
        slug_ranks.slug_rank
    from rows_found as rows_now
    left join slug_ranks on slug_ranks.slug = rows_now.what
    where chosen($site, rows_now.instance_id)

),

rows_told as (

    select
        instance_id,
        row_id,
        kind,
        what,
        event_id,
        effective_sequence,
        sequence,
        slug_rank,
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
                case
                    when outcome = 'done'
                        then
                            delay_split(
                                date_diff('microsecond', event_at, done_at) / 1000000.0,
                                try_cast(facts ->> '$.waiting_seconds' as double),
                                try_cast(facts ->> '$.calls_seconds' as double)
                            )
                end,
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
window in_order as (
    order by
        happened_at, kind, effective_sequence nulls first, sequence is null, coalesce(slug_rank, 99), step, event_id,
        what, row_id
)
order by
    happened_at, kind, effective_sequence nulls first, sequence is null, coalesce(slug_rank, 99), step, event_id, what,
    -- An event that makes several effects due gives them one time, and no order but this.
    row_id
