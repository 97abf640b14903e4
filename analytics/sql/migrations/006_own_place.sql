-- lifecycle: where each row was seen first, beside the row, so that it is not written a second time with the row's id.
alter table lifecycle add column source_topic varchar;

alter table lifecycle add column source_partition integer;

alter table lifecycle add column source_offset bigint;

alter table lifecycle add column lifecycle_topic_id varchar;

alter table lifecycle add column lifecycle_partition integer;

alter table lifecycle add column lifecycle_offset bigint;

update lifecycle
set
    source_topic = first_seen.place.topic,
    source_partition = first_seen.place.partition,
    source_offset = first_seen.place."offset",
    lifecycle_topic_id = first_seen.place.lifecycle_topic_id,
    lifecycle_partition = first_seen.place.lifecycle_partition,
    lifecycle_offset = first_seen.place.lifecycle_offset
from (
    select
        row_id,
        arg_min(sources, lifecycle_offset) as place
    from sources
    group by row_id
) as first_seen
where first_seen.row_id = lifecycle.row_id;

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
anti join lifecycle
    on lifecycle.row_id = sources.row_id and lifecycle.lifecycle_offset = sources.lifecycle_offset;

drop table sources;
