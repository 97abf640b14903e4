-- lives: the rows of so many orders and subscriptions in one stretch of a made-up year, as lines of a spool,
-- in the order in which they happened. Lives begin evenly over the year; what differs between them is drawn
-- from a hash of their number, so that every run makes the same.
with

lives_begun as (

    select
        number,
        number % 5 = 0 as is_plan,
        timestamp '2025-01-01' + to_microseconds(cast(31536000e6 * number / {lives} as bigint)) as begun_at,
        printf('%08x-0000-4000-8000-000000000000', number % 20) as site,
        hash(number, 1) / 18446744073709551616.0 as chance_1,
        hash(number, 2) / 18446744073709551616.0 as chance_2,
        hash(number, 3) / 18446744073709551616.0 as chance_3,
        hash(number, 4) / 18446744073709551616.0 as chance_4,
        hash(number, 5) / 18446744073709551616.0 as chance_5
    from range({lives}) as numbers (number)

),

orders_begun as (

    select
        *,
        begun_at + to_microseconds(cast(-1200e6 * ln(1 - chance_1) as bigint)) as approved_at,
        chance_2 < 0.06 as is_canceled,
        chance_5 < 0.9 as is_told,
        500 + cast(floor(19500 * chance_4) as integer) as cents
    from lives_begun
    where
        not is_plan
        and begun_at >= timestamp '{from_at}' - interval 60 days
        and begun_at < timestamp '{until_at}'

),

orders_dated as (

    select
        *,
        approved_at + to_microseconds(cast(-5e6 * ln(1 - chance_5 / 1.0001) as bigint)) as told_at,
        -- Hours until a parcel leaves: about 27 in the middle, a tenth takes more than three days.
        approved_at + to_microseconds(
            cast(
                case
                    when is_canceled then -30 * ln(1 - chance_3)
                    else least(exp(3.3 + 0.9 * ln(chance_3 / (1 - chance_3 * 0.9999)) / 1.702), 1200)
                end * 3600e6 as bigint
            )
        ) as left_at,
        printf(
            '"number":"%d",%s"contact_id":"contact-%d","currency":"EUR","total":"%d.%02d","created_at":"%s",'
            '"lines":[{{"id":"1","quantity":1}},{{"id":"2","quantity":2}}],"is_plan_order":false,"is_anonymized":false',
            10000 + number,
            case when number % 3 > 0 then printf('"member_id":"member-%d",', number % {buyers}) else '' end,
            number % {buyers},
            cents // 100,
            cents % 100,
            strftime(begun_at, '%Y-%m-%dT%H:%M:%S.%fZ')
        ) as order_facts
    from orders_begun

),

order_rows as (

    select
        number,
        site,
        unnest(
            case
                when is_canceled
                    then
                        [
                            {{'step': 1, 'what': 'created', 'topic': 'store-orders', 'at': begun_at}},
                            {{'step': 2, 'what': 'approved', 'topic': 'store-orders', 'at': approved_at}},
                            {{'step': 2, 'what': 'effect_due', 'topic': 'store-orders', 'at': approved_at}},
                            {{'step': 2, 'what': 'effect_told', 'topic': null, 'at': told_at}},
                            {{'step': 3, 'what': 'canceled', 'topic': 'store-orders', 'at': left_at}}
                        ]
                else
                    [
                        {{'step': 1, 'what': 'created', 'topic': 'store-orders', 'at': begun_at}},
                        {{'step': 2, 'what': 'approved', 'topic': 'store-orders', 'at': approved_at}},
                        {{'step': 2, 'what': 'effect_due', 'topic': 'store-orders', 'at': approved_at}},
                        {{'step': 2, 'what': 'effect_told', 'topic': null, 'at': told_at}},
                        {{'step': 1, 'what': 'fulfillments_updated', 'topic': 'fulfillments', 'at': left_at}},
                        {{'step': 4, 'what': 'updated', 'topic': 'store-orders', 'at': left_at + interval 2 seconds}}
                    ]
            end
        ) as told,
        order_facts,
        is_told,
        chance_1,
        approved_at,
        told_at,
        left_at
    from orders_dated

),

plans_begun as (

    select
        *,
        -- One in twelve cycles is the last.
        least(12, 1 + cast(floor(ln(1 - chance_1) / ln(0.88)) as integer)) as cycles,
        ln(1 - chance_1) / ln(0.88) < 12 as is_left,
        chance_2 < 0.333 as is_set_to_cancel,
        case when chance_3 < 0.3 then 'PAYMENT_FAILURE' else 'MEMBER_ACTION' end as cause,
        ['Silver', 'Gold', 'Club'][number % 3 + 1] as plan,
        ['9.00', '30.00', '45.50'][number % 3 + 1] as price
    from lives_begun
    where is_plan and begun_at < timestamp '{until_at}'

),

plan_rows as (

    select
        *,
        unnest(range(0, cycles + 1)) as cycle
    from plans_begun

),

plan_events as (

    select
        *,
        begun_at + to_days(cast(30 * cycle as integer)) as cycle_at,
        case
            when cycle = 0 then 'started'
            when cycle < cycles or not is_left then 'cycle_started'
            when is_set_to_cancel then 'auto_renew_canceled'
            else 'canceled'
        end as what
    from plan_rows

),

rows_listed as (

    select
        site,
        told.what as what,
        told.topic as topic,
        told.at as happened_at,
        'order-' || number as order_id,
        case
            when starts_with(told.what, 'effect') then 'notice:purchase:' || number
            else 'order-' || number
        end as entity_id,
        case
            when told.what = 'fulfillments_updated' then 'shipments-' || number || '/1'
            else 'order-' || number || '/' || told.step
        end as event_id,
        case when not starts_with(told.what, 'effect') then told.step end as sequence,
        case told.what
            when 'effect_due'
                then
                    printf(
                        '{{"kind":"effect","flow":"purchase_notice","outcome":"due","step":0,"attempts":0,'
                        '"event_at":"%s","shipments":[]}}',
                        strftime(approved_at, '%Y-%m-%dT%H:%M:%S.%fZ')
                    )
            when 'effect_told'
                then
                    printf(
                        '{{"kind":"effect","flow":"purchase_notice","outcome":"%s","step":2,%s"attempts":0,'
                        '"event_at":"%s","decided_at":"%s",%s"shipments":[]}}',
                        case when is_told then 'done' else 'suppressed' end,
                        case when is_told then '' else '"reason":"not_subscribed",' end,
                        strftime(approved_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
                        strftime(told_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
                        case when is_told then printf('"done_at":"%s",', strftime(told_at, '%Y-%m-%dT%H:%M:%S.%fZ')) else '' end
                    )
            when 'fulfillments_updated'
                then
                    printf(
                        '{{"kind":"fulfillments","shipments":[{{"id":"parcel-%d","created_at":"%s",'
                        '"lines":[{{"id":"1","quantity":1}},{{"id":"2","quantity":2}}],%s"shipping_provider":"dhl"}}]}}',
                        number,
                        strftime(left_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
                        case when chance_1 < 0.8 then printf('"tracking_number":"T%d",', number) else '' end
                    )
            else
                printf(
                    '{{"kind":"store_order","state":"%s","status":"%s","payment_status":"%s","fulfillment_status":"%s",%s}}',
                    case told.what
                        when 'created' then 'placed'
                        when 'approved' then 'approved'
                        when 'canceled' then 'canceled'
                        else 'fulfilled'
                    end,
                    case told.what when 'created' then 'PENDING' when 'canceled' then 'CANCELED' else 'APPROVED' end,
                    case told.what when 'created' then 'NOT_PAID' else 'PAID' end,
                    case told.what when 'updated' then 'FULFILLED' else 'NOT_FULFILLED' end,
                    order_facts
                )
        end as facts
    from order_rows
    where told.at >= timestamp '{from_at}' and told.at < timestamp '{until_at}'
    union all
    select
        site,
        what,
        'plan-orders' as topic,
        cycle_at as happened_at,
        'order-' || number as order_id,
        'order-' || number as entity_id,
        'order-' || number || '/' || (cycle + 1) as event_id,
        cycle + 1 as sequence,
        printf(
            '{{"kind":"subscription","state":"%s","status":"%s","payment_status":"PAID","plan_id":"plan-%s",'
            '"plan_name":"%s","contact_id":"contact-%d","currency":"EUR","price_total":"%s","price_recurring":"%s",'
            '"is_recurring":true,"cycle_unit":"MONTH","cycle_count":1,%s"created_at":"%s","start_at":"%s",%s'
            '"pauses":[],"is_anonymized":false}}',
            case what when 'canceled' then 'canceled' when 'auto_renew_canceled' then 'set_to_cancel' else 'active' end,
            case what when 'canceled' then 'CANCELED' else 'ACTIVE' end,
            plan,
            plan,
            number % {buyers},
            price,
            price,
            case when number % 4 = 0 then '"trial_days":14,' else '' end,
            strftime(begun_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
            strftime(begun_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
            case what
                when 'canceled'
                    then
                        printf(
                            '"end_at":"%s","cancellation_cause":"%s",',
                            strftime(cycle_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
                            cause
                        )
                when 'auto_renew_canceled' then '"auto_renew_canceled":true,'
                else ''
            end
        ) as facts
    from plan_events
    where cycle_at >= timestamp '{from_at}' and cycle_at < timestamp '{until_at}'
    union all
    select
        site,
        'transaction_status_changed' as what,
        'payments' as topic,
        cycle_at as happened_at,
        'order-' || number as order_id,
        'transaction-' || number || '-' || (cycle + 1) as entity_id,
        'transaction-' || number || '-' || (cycle + 1) || '/1' as event_id,
        cycle + 1 as sequence,
        printf(
            '{{"kind":"payment","change":"TRANSACTION_STATUS_CHANGED","status":"APPROVED","previous_status":"PENDING",'
            '"amount":"%s","currency":"EUR","cycle_number":%d,"created_at":"%s","is_anonymized":false}}',
            price,
            cycle + 1,
            strftime(cycle_at, '%Y-%m-%dT%H:%M:%S.%fZ')
        ) as facts
    from plan_events
    where cycle < cycles and cycle_at >= timestamp '{from_at}' and cycle_at < timestamp '{until_at}'

),

rows_numbered as (

    select
        *,
        {first_offset} - 1 + row_number() over (order by happened_at, entity_id, what) as spool_offset,
        row_number() over (
            partition by topic, what = 'effect_due'
            order by happened_at, entity_id, what
        ) as place
    from rows_listed

),

-- A notice is due by the event that approved its order, and lies where that lies.
places_found as (

    select
        rows_numbered.*,
        case
            when rows_numbered.what = 'effect_due' then approvals.place
            else rows_numbered.place
        end - 1 as found_place
    from rows_numbered
    left join rows_numbered as approvals
        on rows_numbered.what = 'effect_due' and approvals.what = 'approved' and approvals.event_id = rows_numbered.event_id

)

select
    printf(
        '{{"offset":%d,"known_at":%d,"row":{{"v":1,"row_id":"%s","mapping_version":1,"what":"%s","instance_id":"%s",'
        '"entity_id":"%s","order_id":"%s","event_id":"%s","event_type":"made.up.%s","happened_at":"%s",%s"facts":%s}}}}',
        spool_offset,
        epoch_ms(happened_at) + 1000,
        cast(cast(md5(entity_id || what || event_id) as uuid) as varchar),
        case what when 'effect_told' then 'effect_' || (facts ->> '$.outcome') else what end,
        site,
        entity_id,
        order_id,
        event_id,
        what,
        strftime(happened_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
        case
            when topic is null then ''
            else
                printf(
                    '"received_at":"%s",%s"source":{{"topic":"%s","partition":%d,"offset":%d}},',
                    strftime(happened_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
                    case when sequence is null then '' else printf('"sequence":%d,', sequence) end,
                    topic,
                    ({first_places}[topic] + found_place) % 12,
                    ({first_places}[topic] + found_place) // 12
                )
        end,
        facts
    ) as line,
    case when what <> 'effect_due' then topic end as numbered_topic
from places_found
order by spool_offset
