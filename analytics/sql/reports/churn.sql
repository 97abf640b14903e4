-- churn: one row per bucket (and group). The unit is the customer: one whose last subscription ended, and who began
-- none within a day (a setting). A gap shorter than that (`switched`) does not interrupt being a customer.
with

stays_dated as (

    select *
    from customer_stays(
        'end',
        $population,
        $now,
        -- Stripe looks at the thirty days before a bucket's end.
        case when $method = 'stripe' then cast($start as timestamp) - interval 30 days else $start end,
        $site,
        $currency
    )

),

stays_as_paid as (

    select *
    from customer_stays('paid', $population, $now, $start, $site, $currency)
    where $method = 'profitwell'

),

stays_of_method as not materialized (

    select *
    from stays_dated
    where $method <> 'profitwell'
    union all
    select *
    from stays_as_paid

),

spans_chosen as not materialized (

    select *
    from customer_spans($population, $now)
    where
        chosen($site, instance_id)
        and chosen($currency, currency)

),

marks_of_method as not materialized (

    select *
    from churn_marks('stays_of_method', 'spans_chosen', $method, $by, $tz)

),

marks_of_customers as not materialized (

    select *
    from churn_marks('stays_dated', 'spans_chosen', 'chartmogul', $by, $tz)

),

moves_listed as not materialized (

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
        case $by when 'site' then instance_id when 'plan' then last_plan end as "group",
        'switched' as move,
        null as cause,
        unnest(switched_at) as moved_at
    from stays_dated
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

moves_before_now as not materialized (

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
        select distinct plan as "group"
        from spans_chosen
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
        row_number() over () as number,
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

windows_listed as (

    select
        number,
        "group",
        case when $method = 'stripe' then counts_until - interval 30 days else counts_from end as from_at,
        counts_until as until_at
    from buckets_listed

),

-- ChartMogul counts by those who were there at the start, and so tells how many they were.
starts_listed as (

    select
        number,
        "group",
        counts_from as from_at,
        counts_until as until_at
    from buckets_listed
    where $method <> 'chartmogul'

),

-- By quarters of an hour first, so that few instants have to be put on a clock.
quarters_counted as (

    select
        "group",
        quarter_of(moved_at) as quarter_start,
        move,
        cause,
        count(*) as moves,
        max(moved_at) as last_at
    from moves_before_now
    where $start is null or moved_at >= $start
    group by all

),

moves_counted as (

    select
        "group",
        bucket_of(quarter_start, $grain, $tz) as bucket_start,
        sum(moves) filter (where move = 'new') as new,
        sum(moves) filter (where move = 'churned') as churned,
        sum(moves) filter (where cause = 'voluntary') as voluntary,
        sum(moves) filter (where cause = 'involuntary') as involuntary,
        sum(moves) filter (where cause = 'owner') as owner,
        sum(moves) filter (where cause = 'completed') as completed,
        sum(moves) filter (where move = 'churned' and coalesce(cause, 'unknown') = 'unknown') as unknown,
        sum(moves) filter (where move = 'switched') as switched,
        sum(moves) filter (where move = 'failed_to_start') as failed_to_start,
        -- Whoever left less than a day ago may still turn out to have switched.
        bool_or(move = 'churned' and last_at + switch_time() > $now) as is_pending
    from quarters_counted
    group by all

)

select
    buckets_listed.bucket_start,
    buckets_listed."group",
    case when $method = 'chartmogul' then counts.base else active.base end as active_at_start,
    coalesce(moves_counted.new, 0) as new,
    coalesce(moves_counted.churned, 0) as churned,
    coalesce(moves_counted.voluntary, 0) as voluntary,
    coalesce(moves_counted.involuntary, 0) as involuntary,
    coalesce(moves_counted.owner, 0) as owner,
    coalesce(moves_counted.completed, 0) as completed,
    coalesce(moves_counted.unknown, 0) as unknown,
    coalesce(moves_counted.switched, 0) as switched,
    coalesce(moves_counted.failed_to_start, 0) as failed_to_start,
    counts.numerator,
    counts.base,
    counts.numerator / nullif(counts.base, 0) as rate,
    buckets_listed.is_partial or coalesce(moves_counted.is_pending, false) as is_partial
from buckets_listed
inner join churn_counts('windows_listed', 'marks_of_method', $method, $by) as counts
    on counts.number = buckets_listed.number
left join churn_counts('starts_listed', 'marks_of_customers', 'chartmogul', $by) as active
    on active.number = buckets_listed.number
left join moves_counted
    on
        moves_counted.bucket_start = buckets_listed.bucket_start
        and moves_counted."group" is not distinct from buckets_listed."group"
order by buckets_listed.bucket_start, buckets_listed."group"
