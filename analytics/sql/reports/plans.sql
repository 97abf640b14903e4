-- plans: one row per plan and currency: customers at the end of the period, who came and left in it, and revenue then.
-- A period that has not begun has no end to look at. The rate is of those who held the plan at its start: whoever is no
-- customer at its end is lost, as `churn` counts by plan.
with

spans_chosen as not materialized (

    select
        * replace (coalesce(plan_id, 'unknown') as plan_id)
    from customer_spans('paying', $now)
    where
        ($start is null or $start < $until)
        and chosen($site, instance_id)
        and chosen($currency, currency)

),

-- Most customers hold one subscription: only the others have to be told apart.
plans_listed as (

    select
        plan_id,
        currency,
        arg_max(plan, (started_at, order_id)) as name,
        count(*) filter (where is_only and started_at < $until and coalesce(ended_at >= $until, true))
        + count(
            distinct case
                when not is_only and started_at < $until and coalesce(ended_at >= $until, true) then customer_number
            end
        ) as active,
        count(*) filter (where is_only and started_at < $start and coalesce(ended_at >= $start, true))
        + count(
            distinct case
                when not is_only and started_at < $start and coalesce(ended_at >= $start, true) then customer_number
            end
        ) as active_at_start,
        count(*) filter (
            where is_only and started_at < $start and ended_at >= $start and ended_at < $until
        ) as lost_only
    from spans_chosen
    group by all

),

-- Whoever holds another plan at the end is lost to none.
others_lost as (

    select
        held.plan_id,
        held.currency,
        count(distinct held.customer_number) as lost
    from spans_chosen as held
    anti join (
        select customer_number
        from spans_chosen
        where not is_only and started_at < $until and coalesce(ended_at >= $until, true)
    ) as there on there.customer_number = held.customer_number
    where not held.is_only and held.started_at < $start and coalesce(held.ended_at >= $start, true)
    group by all

),

stays_dated as not materialized (

    select
        stay,
        coalesce(first_held.plan_id, 'unknown') as first_plan_id,
        first_held.currency as first_currency,
        coalesce(last_held.plan_id, 'unknown') as last_plan_id,
        last_held.currency as last_currency,
        started_at,
        ended_at
    from customer_stays('end', 'paying', $now, $start, $site, $currency)

),

joined_counted as (

    select
        first_plan_id as plan_id,
        first_currency as currency,
        count(*) as joined
    from stays_dated
    where stay = 1 and within(started_at, $start, $until)
    group by all

),

churned_counted as (

    select
        last_plan_id as plan_id,
        last_currency as currency,
        count(*) as churned
    from stays_dated
    where ended_at is not null and within(ended_at, $start, $until)
    group by all

),

revenue_summed as (

    select
        coalesce(memberships.plan_id, 'unknown') as plan_id,
        memberships.currency,
        sum(spans.mrr) as mrr
    from subscription_spans as spans
    inner join memberships on memberships.entity_number = spans.entity_number
    where
        spans.mrr > 0
        and spans.began_at < $until
        and coalesce(spans.ended_at >= $until, true)
        and chosen($site, spans.instance_id)
    group by all

)

select
    plans_listed.plan_id,
    plans_listed.name,
    plans_listed.active,
    coalesce(joined_counted.joined, 0) as new,
    coalesce(churned_counted.churned, 0) as churned,
    (plans_listed.lost_only + coalesce(others_lost.lost, 0)) / nullif(plans_listed.active_at_start, 0) as rate,
    money(coalesce(revenue_summed.mrr, cast(0 as decimal(38, 6)))) as mrr,
    plans_listed.currency
from plans_listed
left join joined_counted
    on joined_counted.plan_id = plans_listed.plan_id and joined_counted.currency is not distinct from plans_listed.currency
left join churned_counted
    on
        churned_counted.plan_id = plans_listed.plan_id
        and churned_counted.currency is not distinct from plans_listed.currency
left join others_lost
    on others_lost.plan_id = plans_listed.plan_id and others_lost.currency is not distinct from plans_listed.currency
left join revenue_summed
    on revenue_summed.plan_id = plans_listed.plan_id and revenue_summed.currency is not distinct from plans_listed.currency
order by plans_listed.active desc, plans_listed.plan_id, plans_listed.currency
