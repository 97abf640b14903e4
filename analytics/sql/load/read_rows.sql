-- read_rows: the records of a spool, each a row to be, and whether it can be trusted.
with

records_read as (

    select
        "offset",
        known_at,
        is_ours,
        {attempt}(decode(value)) as row_text
    from spool

),

rows_read as (

    select
        *,
        -- By `try` what is no JSON is a row without anything; it does not stop the others.
        {attempt}(from_json(row_text, '{row_structure}')) as "row"
    from records_read

),

facts_read as (

    select
        *,
        cast("row".facts as varchar) as facts_text,
        from_json("row".facts, '{facts_structure}') as said
    from rows_read

)

select
    "row".row_id as row_id,
    cast("row".mapping_version as integer) as mapping_version,
    said.kind as kind,
    "row".what as what,
    "row".instance_id as instance_id,
    "row".entity_id as entity_id,
    "row".order_id as order_id,
    "row".event_id as event_id,
    "row".event_type as event_type,
    cast("row".sequence as bigint) as sequence,
    "row".source is not null and said.kind <> 'dead_letter' as is_from_event,
    in_utc("row".happened_at) as happened_at,
    in_utc("row".received_at) as received_at,
    epoch_ms(known_at) as known_at,
    {typed_columns},
    facts_text as facts,
    "row".source.topic as source_topic,
    cast("row".source."partition" as integer) as source_partition,
    cast("row".source."offset" as bigint) as source_offset,
    {topic_id} as lifecycle_topic_id,
    {partition} as lifecycle_partition,
    "offset" as lifecycle_offset,
    coalesce({trusted}, false) as is_trusted
from facts_read
