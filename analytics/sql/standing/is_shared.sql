-- is_shared: one row; whether the rows of a share are where those of a batch belong.
select exists (
    select 1
    from duckdb_views()
    where temporary and view_name = 'touched_rows'
)
