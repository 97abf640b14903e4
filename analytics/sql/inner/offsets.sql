-- offsets: one row per partition that the ledger reads: the first offset that is not in it.
select
    topic,
    partition,
    topic_id,
    next_offset
from offsets
order by topic, partition
