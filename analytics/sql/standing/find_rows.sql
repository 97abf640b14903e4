-- find_rows: where the rows of the touched entities lie that are here already, by one number alone: nothing else of
-- millions of rows is read. Before the batch is added, since what a transaction has added has no place yet that could be
-- looked up quickly: reading it back read the whole log.
create or replace temp table found_rows as
select
    kept.rowid as place,
    kept.row_id,
    kept.entity_number,
    kept.known_at,
    kept.stands as is_read
from main.lifecycle as kept
semi join touched_entities on touched_entities.entity_number = kept.entity_number
