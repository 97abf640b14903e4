-- churn_counts: one row per period in a table of them (`number`, `group`, `from_at`, `until_at`): what a method counts
-- of a table of its marks. Customers whose marks are one subscription's are counted; others have to be told apart.
create or replace macro churn_counts(periods, marks, method, split_by) as table
with

there_at_start as not materialized (

    select
        periods_asked.number,
        periods_asked.until_at,
        marks_there.customer_number,
        marks_there.is_only,
        marks_there.weight,
        marks_there.ended_at
    from query_table(periods) as periods_asked
    inner join query_table(marks) as marks_there
        on
            marks_there.mark = 'base'
            and marks_there."group" is not distinct from periods_asked."group"
            and marks_there.started_at < periods_asked.from_at
            and coalesce(marks_there.ended_at >= periods_asked.from_at, true)

),

only_counted as (

    select
        number,
        cast(sum(weight) as bigint) as there,
        cast(sum(weight) filter (where ended_at < until_at) as bigint) as lost
    from there_at_start
    where is_only
    group by number

),

others_at_start as (

    select distinct
        number,
        customer_number
    from there_at_start
    where not is_only

),

-- Gone and back in one period is not lost.
others_at_end as (

    select distinct
        periods_asked.number,
        marks_there.customer_number
    from query_table(periods) as periods_asked
    inner join query_table(marks) as marks_there
        on
            marks_there.mark = 'base'
            and not marks_there.is_only
            and (split_by = 'plan' or marks_there."group" is not distinct from periods_asked."group")
            and marks_there.started_at < periods_asked.until_at
            and coalesce(marks_there.ended_at >= periods_asked.until_at, true)
    where method = 'chartmogul'

),

others_counted as (

    select
        starts.number,
        count(*) as there,
        count(*) filter (where ends.customer_number is null) as lost
    from others_at_start as starts
    left join others_at_end as ends
        on
            ends.number = starts.number
            and ends.customer_number = starts.customer_number
    group by starts.number

),

moves_counted as (

    select
        periods_asked.number,
        count(*) filter (where moves.is_only and moves.mark = 'join')
        + count(distinct case when not moves.is_only and moves.mark = 'join' then moves.customer_number end) as joined,
        count(*) filter (where moves.is_only and moves.mark = 'exit')
        + count(distinct case when not moves.is_only and moves.mark = 'exit' then moves.customer_number end) as leavers,
        coalesce(sum(moves.weight) filter (where moves.mark = 'exit'), 0) as exits
    from query_table(periods) as periods_asked
    inner join query_table(marks) as moves
        on
            moves.mark <> 'base'
            and moves."group" is not distinct from periods_asked."group"
            and (periods_asked.from_at is null or moves.started_at >= periods_asked.from_at)
            and moves.started_at < periods_asked.until_at
    group by periods_asked.number

)

select
    periods_asked.number,
    case
        when method = 'chartmogul' then coalesce(only_counted.lost, 0) + coalesce(others_counted.lost, 0)
        when method in ('stripe', 'revenuecat') then coalesce(moves_counted.exits, 0)
        else coalesce(moves_counted.leavers, 0)
    end as numerator,
    coalesce(only_counted.there, 0) + coalesce(others_counted.there, 0) + coalesce(moves_counted.joined, 0) as base
from query_table(periods) as periods_asked
left join only_counted on only_counted.number = periods_asked.number
left join others_counted on others_counted.number = periods_asked.number
left join moves_counted on moves_counted.number = periods_asked.number
