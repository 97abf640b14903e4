-- is_seen_again: one row; whether a row that was just added is here twice.
select
    exists (
        select kept.row_id
        from main.lifecycle as kept
        semi join (
            select row_id
            from main.lifecycle
            where lifecycle_partition = $partition and lifecycle_offset >= $begin
        ) as added on added.row_id = kept.row_id
        group by kept.row_id
        having count(*) > 1
    )
