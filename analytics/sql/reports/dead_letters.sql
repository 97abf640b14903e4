-- dead_letters: one row per dead letter, the newest first.
select
    topic,
    partition,
    "offset",
    reason,
    error,
    first_at,
    redriven_at
from dead_letters
where
    chosen($site, instance_id)
    and within(first_at, $start, $end)
order by first_at desc, topic, partition, "offset"
limit $limit
