-- seen_again: one row per further appearance of a row on order-lifecycle, and per appearance of one that was dropped;
-- the event's own place, where it has one.
create table seen_again (
    row_id uuid not null,
    topic varchar,
    partition integer,
    "offset" bigint,
    is_dead boolean not null,
    lifecycle_topic_id varchar not null,
    lifecycle_partition integer not null,
    lifecycle_offset bigint not null
);

insert into seen_again by name
select sources.*
from sources
left join (
    select
        row_id,
        min(lifecycle_offset) as lifecycle_offset
    from sources
    where row_id in (select row_id from sources group by row_id having count(*) > 1)
    group by row_id
) as repeated on repeated.row_id = sources.row_id
where
    repeated.lifecycle_offset < sources.lifecycle_offset
    or sources.row_id not in (select row_id from lifecycle);

-- lifecycle: where each row was seen first stands beside it, so that it is not written a second time with the row's id.
-- Written anew, which takes less memory than changing every row in its place.
create table lifecycle_placed (
    row_id uuid not null,
    mapping_version integer not null,
    kind varchar not null,
    what varchar not null,
    instance_id varchar not null,
    entity_id varchar not null,
    order_id varchar,
    event_id varchar not null,
    event_type varchar not null,
    sequence bigint,
    is_from_event boolean not null,
    happened_at timestamp not null,
    received_at timestamp,
    known_at timestamp not null,
    stands boolean default true,
    -- What is the same word in several kinds of facts is one column.
    state varchar,
    status varchar,
    payment_status varchar,
    fulfillment_status varchar,
    contact_id varchar,
    member_id varchar,
    identity_type varchar,
    currency varchar,
    created_at timestamp,
    updated_at timestamp,
    -- Of store orders and their fulfillments.
    number varchar,
    total decimal(38, 6),
    is_plan_order boolean,
    lines struct(id varchar, quantity bigint)[],
    shipments struct(
        id varchar,
        created_at timestamp,
        lines struct(id varchar, quantity bigint)[],
        tracking_number varchar,
        shipping_provider varchar,
        tracking_link varchar
    )[],
    -- Of subscriptions.
    plan_id varchar,
    plan_name varchar,
    price_total decimal(38, 6),
    price_recurring decimal(38, 6),
    is_recurring boolean,
    cycle_unit varchar,
    cycle_count bigint,
    trial_days bigint,
    start_at timestamp,
    end_at timestamp,
    current_cycle_ends_at timestamp,
    auto_renew_canceled boolean,
    cancellation_cause varchar,
    cancel_requested_at timestamp,
    -- Of payments.
    app_id varchar,
    amount decimal(38, 6),
    refunded_amount decimal(38, 6),
    -- Of effects.
    flow varchar,
    outcome varchar,
    step integer,
    reason varchar,
    event_at timestamp,
    decided_at timestamp,
    done_at timestamp,
    -- Everything the row says, by its kind.
    facts varchar not null using compression zstd,
    -- The entity it tells of, as `entity_number_of` makes it.
    entity_number uuid,
    -- Where its event lies, if it has one, and where it lies itself, as it was seen first.
    source_topic varchar,
    source_partition integer,
    source_offset bigint,
    lifecycle_topic_id varchar,
    lifecycle_partition integer,
    lifecycle_offset bigint
);

insert into lifecycle_placed by name
select
    lifecycle.*,
    places.topic as source_topic,
    places.partition as source_partition,
    places."offset" as source_offset,
    places.lifecycle_topic_id,
    places.lifecycle_partition,
    places.lifecycle_offset
from lifecycle
left join (
    select sources.*
    from sources
    anti join seen_again
        on seen_again.row_id = sources.row_id and seen_again.lifecycle_offset = sources.lifecycle_offset
) as places on places.row_id = lifecycle.row_id;

drop table lifecycle;

alter table lifecycle_placed rename to lifecycle;

drop table sources;
