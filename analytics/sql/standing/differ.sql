-- differ: one row; how many rows a typed table and what the log of rows gives do not share.
select coalesce(sum(abs(balance)), 0)
from (
    select
        * exclude (side),
        sum(side) as balance
    from (
        select
            *,
            1 as side
        from {kept}
        union all by name
        select
            *,
            -1 as side
        from {given}
    ) as sides
    group by all
) as rows_balanced
