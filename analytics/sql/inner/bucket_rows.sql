-- bucket_rows: the rows of one bucket, as JSON.
select cast(to_json(kept) as varchar) as row_json
from main.{table} as kept
where hash(kept) % {buckets} = $bucket
order by row_json
limit 1000
