-- read_touched: all rows that stand of the touched entities; the definitions beside this table read it. Where those lie
-- is found by their ids alone, before anything else of millions of rows is read.
create or replace temp table touched_rows as
select *
from (
    select *
    from main.lifecycle_now
    limit 0
) as columns_in_order
union all by name
select * exclude (stands)
from main.lifecycle as rows_now
where
    rows_now.rowid in (
        select found.rowid
        from main.lifecycle as found
        semi join touched_entities
            on
                touched_entities.family = family_of(found.kind)
                and touched_entities.instance_id = found.instance_id
                and touched_entities.entity_id = found.entity_id
        where found.stands
    )
