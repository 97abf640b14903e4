-- find_rows: where the rows of the touched entities lie that are here already, by one number alone, first: of millions of
-- rows nothing else is read. Before the batch is added, since what a transaction has added has no place yet that could be
-- looked up quickly: reading it back read the whole log.
create or replace temp table found_rows as
select
    kept.rowid as place,
    kept.row_id,
    kept.entity_number,
    kept.known_at,
    kept.stands as is_read
from main.lifecycle as kept
where
    kept.rowid in (
        select near.rowid
        from main.lifecycle as near
        where near.entity_number in (select entity_number from touched_entities)
    )
