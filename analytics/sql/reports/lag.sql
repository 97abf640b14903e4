-- lag: one row per partition at the newest look (before as_of, where that is asked for).
with

looks_chosen as (

    select *
    from samples
    where $as_of is null or sampled_at < $as_of

)

select
    topic,
    partition,
    committed,
    end_offset as end,
    end_offset - coalesce(committed, 0) as lag
from looks_chosen
where sampled_at = (select max(sampled_at) from looks_chosen)
order by topic, partition
