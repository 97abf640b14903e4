-- places: one row per appearance of a record of an event topic: in a row, or dead. As of an earlier time without those of rows
-- that were not known yet; a row that was dropped since, with its site, was in the log then.
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
        or row_id not in (select row_id from lifecycle where known_at >= cast(getvariable('as_of') as timestamp))
    )
