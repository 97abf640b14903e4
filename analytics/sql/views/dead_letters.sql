-- dead_letters: one row per place on the log whose record could not be read or decided.
create or replace view dead_letters as
select
    sources.topic,
    sources.partition,
    sources."offset",
    any_value(rows_now.instance_id) as instance_id,
    arg_max(rows_now.facts ->> '$.reason', (rows_now.happened_at, rows_now.row_id)) as reason,
    arg_max(rows_now.facts ->> '$.error', (rows_now.happened_at, rows_now.row_id)) as error,
    min(rows_now.happened_at) as first_at,
    max(moment(rows_now.facts ->> '$.redriven_at')) as redriven_at
from lifecycle_now as rows_now
inner join sources on sources.row_id = rows_now.row_id
where rows_now.kind = 'dead_letter'
group by sources.topic, sources.partition, sources."offset"
