-- checksum: one row: how many rows a table has, and a sum over all of them that no order of rows changes.
select
    count(*) as rows,
    cast(coalesce(sum(hash(kept)), 0) as varchar) as checksum
from main.{table} as kept
