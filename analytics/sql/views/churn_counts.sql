-- churn_counts: one row per period in a table of them (`number`, `group`, `from_at`, `until_at`): what a method counts.
create or replace macro churn_counts(periods, method, population, split_by, zone, now_at, sites_chosen, currencies_chosen)
as table
with

marks as (

    select *
    from churn_marks(method, population, split_by, zone, now_at, sites_chosen, currencies_chosen)

),

there_at_start as (

    select
        periods_asked.number,
        marks.instance_id,
        marks.customer,
        bool_or(coalesce(marks.ended_at >= periods_asked.until_at, true)) as is_there_at_end
    from query_table(periods) as periods_asked
    inner join marks
        on
            marks.mark = 'base'
            and marks."group" is not distinct from periods_asked."group"
            and marks.started_at < periods_asked.from_at
            and coalesce(marks.ended_at >= periods_asked.from_at, true)
    group by all

),

-- Gone and back in one period is not lost.
there_at_end as (

    select distinct
        periods_asked.number,
        marks.instance_id,
        marks.customer
    from query_table(periods) as periods_asked
    inner join marks
        on
            marks.mark = 'base'
            and (split_by = 'plan' or marks."group" is not distinct from periods_asked."group")
            and marks.started_at < periods_asked.until_at
            and coalesce(marks.ended_at >= periods_asked.until_at, true)
    where method = 'chartmogul'

),

starts_counted as (

    select
        starts.number,
        count(*) as there,
        count(*) filter (where ends.customer is null) as lost
    from there_at_start as starts
    left join there_at_end as ends
        on
            ends.number = starts.number
            and ends.instance_id = starts.instance_id
            and ends.customer = starts.customer
    group by starts.number

),

moves_counted as (

    select
        periods_asked.number,
        count(distinct (marks.instance_id, marks.customer)) filter (where marks.mark = 'join') as joined,
        count(distinct (marks.instance_id, marks.customer)) filter (where marks.mark = 'exit') as leavers,
        coalesce(sum(marks.weight) filter (where marks.mark = 'exit'), 0) as exits
    from query_table(periods) as periods_asked
    inner join marks
        on
            marks.mark <> 'base'
            and marks."group" is not distinct from periods_asked."group"
            and (periods_asked.from_at is null or marks.started_at >= periods_asked.from_at)
            and marks.started_at < periods_asked.until_at
    group by periods_asked.number

)

select
    periods_asked.number,
    case
        when method = 'chartmogul' then coalesce(starts_counted.lost, 0)
        when method in ('stripe', 'revenuecat') then coalesce(moves_counted.exits, 0)
        else coalesce(moves_counted.leavers, 0)
    end as numerator,
    coalesce(starts_counted.there, 0) + coalesce(moves_counted.joined, 0) as base
from query_table(periods) as periods_asked
left join starts_counted on starts_counted.number = periods_asked.number
left join moves_counted on moves_counted.number = periods_asked.number
