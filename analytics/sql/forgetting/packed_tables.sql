-- packed_tables: one row per table of the old file.
select table_name
from duckdb_tables()
where database_name = 'old' and schema_name = 'main'
order by table_name
