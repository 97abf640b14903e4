-- merge_rows: a row seen again stays as it was first, at the earliest time it was known.
merge into main.lifecycle as lifecycle
using (
    select
        *,
        entity_number_of(kind, instance_id, entity_id) as entity_number,
        true as stands
    from {arriving}
) as arriving
on lifecycle.row_id = arriving.row_id
when matched and arriving.known_at < lifecycle.known_at then update set known_at = arriving.known_at
when not matched then insert by name
