-- churn: one row per bucket (and group). The unit is the customer: one whose last subscription ended, and who began
-- none within 24 hours. A gap shorter than that (`switched`) does not interrupt being a customer.
with

spans_chosen as (

    select *
    from customer_spans($population, $now)
    where
        chosen($site, instance_id)
        and chosen($currency, currency)

),

spans_followed as (

    select
        *,
        max(coalesce(ended_at, timestamp '9999-01-01')) over (
            partition by instance_id, customer
            order by started_at, order_id
            rows between unbounded preceding and 1 preceding
        ) as covered_until
    from spans_chosen

),

spans_grouped as (

    select
        *,
        sum(case when started_at <= covered_until + interval 24 hours then 0 else 1 end) over (
            partition by instance_id, customer
            order by started_at, order_id
        ) as stay
    from spans_followed

),

-- One row per unbroken stretch as a customer.
stays_dated as (

    select
        instance_id,
        customer,
        stay,
        min(started_at) as started_at,
        nullif(max(coalesce(ended_at, timestamp '9999-01-01')), timestamp '9999-01-01') as ended_at,
        arg_min(plan, (started_at, order_id)) as first_plan,
        arg_max(plan, (coalesce(ended_at, timestamp '9999-01-01'), order_id)) as last_plan,
        arg_max(end_cause, (coalesce(ended_at, timestamp '9999-01-01'), order_id)) as cause
    from spans_grouped
    group by all

),

-- When one belongs to a group: as long as one is a customer, or, by plan, as long as one holds it.
memberships_listed as (

    select
        instance_id,
        customer,
        case when $by = 'site' then instance_id end as "group",
        started_at,
        ended_at
    from stays_dated
    where $by <> 'plan'
    union all
    select
        instance_id,
        customer,
        plan as "group",
        started_at,
        ended_at
    from spans_chosen
    where $by = 'plan'

),

moves_listed as (

    select
        case $by when 'site' then instance_id when 'plan' then first_plan end as "group",
        'new' as move,
        null as cause,
        started_at as moved_at
    from stays_dated
    where stay = 1
    union all
    select
        case $by when 'site' then instance_id when 'plan' then last_plan end as "group",
        'churned' as move,
        cause,
        ended_at as moved_at
    from stays_dated
    union all
    select
        case $by when 'site' then spans.instance_id when 'plan' then spans.plan end as "group",
        'switched' as move,
        null as cause,
        spans.covered_until as moved_at
    from spans_grouped as spans
    where spans.started_at between spans.covered_until and spans.covered_until + interval 24 hours
    union all
    select
        case $by when 'site' then instance_id when 'plan' then coalesce(plan_name, plan_id, 'unknown') end as "group",
        'failed_to_start' as move,
        null as cause,
        ended_at as moved_at
    from subscriptions
    where
        started_at is null
        and chosen($site, instance_id)
        and chosen($currency, currency)

),

moves_before_now as (

    select *
    from moves_listed
    where moved_at < $until

),

groups_listed as (

    select
        case when $by = 'site' then instance_id end as "group",
        min(observed_from) as observed_from
    from sites
    where $by <> 'plan' and chosen($site, instance_id)
    group by all
    union all
    select
        "group",
        (select min(observed_from) from sites where chosen($site, instance_id)) as observed_from
    from (
        select distinct "group"
        from memberships_listed
        union
        select distinct "group"
        from moves_before_now
    ) as plans_seen
    where $by = 'plan'

),

buckets_listed as (

    select
        buckets.bucket_start,
        buckets.counts_from,
        buckets.counts_until,
        groups_listed."group",
        buckets.is_cut or coalesce(buckets.bucket_start < groups_listed.observed_from, false) as is_partial
    from buckets(
        $start,
        coalesce($start, (select min(moved_at) from moves_before_now), $until),
        $until,
        $grain,
        $tz
    ) as buckets
    cross join groups_listed

),

moves_counted as (

    select
        "group",
        bucket_of(moved_at, $grain, $tz) as bucket_start,
        count(*) filter (where move = 'new') as new,
        count(*) filter (where move = 'churned') as churned,
        count(*) filter (where cause = 'voluntary') as voluntary,
        count(*) filter (where cause = 'involuntary') as involuntary,
        count(*) filter (where cause = 'owner') as owner,
        count(*) filter (where cause = 'completed') as completed,
        count(*) filter (where move = 'churned' and coalesce(cause, 'unknown') = 'unknown') as unknown,
        count(*) filter (where move = 'switched') as switched,
        count(*) filter (where move = 'failed_to_start') as failed_to_start,
        -- Whoever left less than a day ago may still turn out to have switched.
        bool_or(move = 'churned' and moved_at + interval 24 hours > $now) as is_pending
    from moves_before_now
    where $start is null or moved_at >= $start
    group by all

),

customers_at_start as (

    select distinct
        buckets_listed.bucket_start,
        buckets_listed.counts_until,
        buckets_listed."group",
        memberships_listed.instance_id,
        memberships_listed.customer
    from buckets_listed
    inner join memberships_listed
        on
            memberships_listed."group" is not distinct from buckets_listed."group"
            and memberships_listed.started_at < buckets_listed.counts_from
            and coalesce(memberships_listed.ended_at >= buckets_listed.counts_from, true)

),

customers_followed as (

    select
        customers_at_start.bucket_start,
        customers_at_start."group",
        customers_at_start.instance_id,
        customers_at_start.customer,
        bool_or(
            stays_dated.started_at < customers_at_start.counts_until
            and coalesce(stays_dated.ended_at >= customers_at_start.counts_until, true)
        ) as is_still_here
    from customers_at_start
    inner join stays_dated
        on
            stays_dated.instance_id = customers_at_start.instance_id
            and stays_dated.customer = customers_at_start.customer
    group by all

),

customers_counted as (

    select
        bucket_start,
        "group",
        count(*) as active_at_start,
        count(*) filter (where not is_still_here) as lost
    from customers_followed
    group by all

)

select
    buckets_listed.bucket_start,
    buckets_listed."group",
    coalesce(customers_counted.active_at_start, 0) as active_at_start,
    coalesce(moves_counted.new, 0) as new,
    coalesce(moves_counted.churned, 0) as churned,
    coalesce(moves_counted.voluntary, 0) as voluntary,
    coalesce(moves_counted.involuntary, 0) as involuntary,
    coalesce(moves_counted.owner, 0) as owner,
    coalesce(moves_counted.completed, 0) as completed,
    coalesce(moves_counted.unknown, 0) as unknown,
    coalesce(moves_counted.switched, 0) as switched,
    coalesce(moves_counted.failed_to_start, 0) as failed_to_start,
    coalesce(customers_counted.lost, 0) as numerator,
    coalesce(customers_counted.active_at_start, 0) as base,
    customers_counted.lost / nullif(customers_counted.active_at_start, 0) as rate,
    buckets_listed.is_partial or coalesce(moves_counted.is_pending, false) as is_partial
from buckets_listed
left join moves_counted
    on
        moves_counted.bucket_start = buckets_listed.bucket_start
        and moves_counted."group" is not distinct from buckets_listed."group"
left join customers_counted
    on
        customers_counted.bucket_start = buckets_listed.bucket_start
        and customers_counted."group" is not distinct from buckets_listed."group"
order by buckets_listed.bucket_start, buckets_listed."group"
