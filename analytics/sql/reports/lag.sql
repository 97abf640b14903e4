-- lag: one row per partition at the newest look.
select
    topic,
    partition,
    committed,
    end_offset as end,
    end_offset - coalesce(committed, 0) as lag
from samples
where sampled_at = (select max(sampled_at) from samples)
order by topic, partition
