-- read_touched: all rows that stand of the touched entities; the definitions beside this table read it. First those that
-- were here before.
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
where rows_now.rowid in (select place from found_rows where is_read)
