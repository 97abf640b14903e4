-- churned_customers: one row per customer whom a method counts as churned in a period, and what was counted of a table
-- of its marks.
create or replace macro churned_customers(marks, method, zone, from_given, until_given, now_at) as table
with

period as (

    select *
    from churn_period(method, zone, from_given, until_given, now_at)

),

leavers as (

    select
        moves.instance_id,
        moves.customer,
        moves.order_id,
        moves.started_at as happened_at
    from query_table(marks) as moves
    inner join period on moves.started_at < period.until_at and (period.from_at is null or moves.started_at >= period.from_at)
    where method <> 'chartmogul' and moves.mark = 'exit'
    union all
    select
        bases.instance_id,
        bases.customer,
        bases.order_id,
        bases.ended_at as happened_at
    from query_table(marks) as bases
    inner join period
        on
            bases.started_at < period.from_at
            and bases.ended_at >= period.from_at
            and bases.ended_at < period.until_at
    where
        method = 'chartmogul'
        and bases.mark = 'base'
        and not exists (
            select 1
            from query_table(marks) as later
            where
                later.mark = 'base'
                and later.instance_id = bases.instance_id
                and later.customer = bases.customer
                and later.started_at < period.until_at
                and coalesce(later.ended_at >= period.until_at, true)
        )

)

select
    instance_id,
    customer,
    max(happened_at) as happened_at,
    arg_max(order_id, happened_at) as order_id
from leavers
group by instance_id, customer
