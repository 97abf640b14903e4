-- arriving_rows: the rows of a batch with their facts in columns.
select
    records.* exclude (said) replace (cast(records.row_id as uuid) as row_id),
    {typed_columns}
from (
    select
        *,
        from_json(facts, '{facts_structure}') as said
    from arriving_records
) as records
