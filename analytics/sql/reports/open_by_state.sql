-- open_by_state: one row per bucket and state: how many orders stood open in it just before the bucket's end.
with

stretches_chosen as not materialized (

    select
        state,
        began_at,
        ended_at
    from order_stretches
    where
        family = case when $kind = 'store' then 'store_order' else 'subscription' end
        and state not in ('draft', 'fulfilled', 'canceled', 'rejected', 'ended')
        and chosen($site, instance_id)
        and chosen($currency, currency)

),

moves_listed as not materialized (

    select state, began_at as moved_at, 1 as step from stretches_chosen where began_at < $until
    union all
    select state, ended_at as moved_at, -1 as step from stretches_chosen where ended_at < $until

),

quarters_summed as (

    select
        state,
        quarter_of(moved_at) as quarter_start,
        sum(step) as step
    from moves_listed
    where $start is null or moved_at >= $start
    group by all

),

buckets_listed as (

    select
        bucket_start
    from buckets(
        $start,
        coalesce($start, (select min(quarter_start) from quarters_summed), $until),
        $until,
        $grain,
        $tz
    )

),

buckets_summed as (

    select
        state,
        bucket_of(quarter_start, $grain, $tz) as bucket_start,
        sum(step) as step
    from quarters_summed
    group by all

),

-- Every state that occurs, and how many orders stood in it when the period began.
states_listed as (

    select
        state,
        count(*) filter (where began_at < $start) - count(*) filter (where ended_at < $start) as orders
    from stretches_chosen
    group by state

)

select
    buckets_listed.bucket_start,
    states_listed.state,
    states_listed.orders + sum(coalesce(buckets_summed.step, 0)) over (
        partition by states_listed.state
        order by buckets_listed.bucket_start
    ) as orders
from buckets_listed
cross join states_listed
left join buckets_summed
    on
        buckets_summed.bucket_start = buckets_listed.bucket_start
        and buckets_summed.state = states_listed.state
order by buckets_listed.bucket_start, states_listed.state
