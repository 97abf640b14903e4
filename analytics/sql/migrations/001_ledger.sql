-- The ledger's own tables. Times are UTC without a zone; log tables only ever gain columns.

-- lifecycle: one row per row id. Never updated but for the earliest time it was known.
create table lifecycle (
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
    -- Of subscriptions, store orders, payments.
    state varchar,
    status varchar,
    payment_status varchar,
    fulfillment_status varchar,
    contact_id varchar,
    member_id varchar,
    currency varchar,
    created_at timestamp,
    -- Of effects.
    flow varchar,
    outcome varchar,
    step integer,
    -- Everything else the row says, by its kind.
    facts varchar not null using compression zstd
);

-- sources: one row per appearance of a row on order-lifecycle; the event's own place, where it has one.
create table sources (
    row_id uuid not null,
    topic varchar,
    partition integer,
    "offset" bigint,
    is_dead boolean not null,
    lifecycle_topic_id varchar not null,
    lifecycle_partition integer not null,
    lifecycle_offset bigint not null
);

-- offsets: one row per partition read; written in the transaction of the rows it stands for.
create table offsets (
    topic varchar not null,
    partition integer not null,
    topic_id varchar not null,
    next_offset bigint not null,
    primary key (topic, partition)
);

-- row_errors: one row per record that was no row; kept as it came.
create table row_errors (
    topic varchar not null,
    partition integer not null,
    "offset" bigint not null,
    known_at timestamp not null,
    error varchar not null,
    value blob not null
);

-- samples: one row per partition and look at the broker. Local to this file, no part of a rebuild.
create table samples (
    sampled_at timestamp not null,
    topic varchar not null,
    partition integer not null,
    committed bigint,
    end_offset bigint
);
