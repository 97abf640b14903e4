-- places: one row per appearance of a record of an event topic: in a row, or dead.
create or replace view places as
select
    topic,
    partition,
    is_dead,
    "offset" as first_offset,
    "offset" + 1 as until_offset
from sources
where
    topic is not null
    and (
        getvariable('as_of') is null
        or row_id in (select row_id from lifecycle where known_at < cast(getvariable('as_of') as timestamp))
    )
