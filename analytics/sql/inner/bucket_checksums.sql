-- bucket_checksums: the same for each of many buckets, so that what differs can be found without reading all.
select
    cast(hash(kept) % {buckets} as integer) as bucket,
    count(*) as rows,
    cast(sum(hash(kept)) as varchar) as checksum
from main.{table} as kept
group by bucket
