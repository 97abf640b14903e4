-- order_flow: one row per bucket (and site): what happened to orders in it, and how many were open at its end.
with

orders_chosen as not materialized (

    select
        case when $by = 'site' then instance_id end as "group",
        placed_at,
        paid_at,
        fulfilled_at,
        canceled_at,
        ended_at
    from orders
    where
        kind = $kind
        and state <> 'draft'
        and placed_at is not null
        and chosen($site, instance_id)
        and chosen($currency, currency)

),

turns_chosen as not materialized (

    select
        case when $by = 'site' then instance_id end as "group",
        turn,
        turned_at
    from store_order_turns
    where
        $kind = 'store'
        and chosen($site, instance_id)
        and chosen($currency, currency)
    union all
    select
        "group",
        'closed' as turn,
        ended_at as turned_at
    from orders_chosen
    where $kind = 'subscription'

),

-- Most orders of a long history had nothing happen to them in the period; the others are read once for all their moves.
orders_moving as not materialized (

    select *
    from orders_chosen
    where $start is null or greatest(placed_at, paid_at, fulfilled_at, canceled_at) >= $start

),

moves_in_period as not materialized (

    select
        "group",
        unnest(['placed', 'paid', 'fulfilled', 'canceled']) as move,
        unnest([placed_at, paid_at, fulfilled_at, canceled_at]) as moved_at
    from orders_moving
    union all
    select "group", turn as move, turned_at as moved_at from turns_chosen

),

groups_listed as (

    select
        sites_observed."group",
        min(sites_observed.observed_from) as observed_from
    from (
        select
            case when $by = 'site' then instance_id end as "group",
            observed_from
        from sites
        where chosen($site, instance_id)
    ) as sites_observed
    group by sites_observed."group"

),

quarters_counted as (

    select
        "group",
        quarter_of(moved_at) as quarter_start,
        count(*) filter (where move = 'placed') as placed,
        count(*) filter (where move = 'paid') as paid,
        count(*) filter (where move = 'fulfilled') as fulfilled,
        count(*) filter (where move = 'canceled') as canceled,
        count(*) filter (where move = 'closed') as closed,
        count(*) filter (where move = 'reopened') as reopened
    from moves_in_period
    where moved_at < $until and ($start is null or moved_at >= $start)
    group by all

),

buckets_listed as (

    select
        buckets.bucket_start,
        buckets.is_cut or coalesce(buckets.bucket_start < groups_listed.observed_from, false) as is_partial,
        groups_listed."group"
    from buckets(
        $start,
        coalesce($start, (select min(quarter_start) from quarters_counted), $until),
        $until,
        $grain,
        $tz
    ) as buckets
    cross join groups_listed

),

moves_counted as (

    select
        "group",
        bucket_of(quarter_start, $grain, $tz) as bucket_start,
        sum(placed) as placed,
        sum(paid) as paid,
        sum(fulfilled) as fulfilled,
        sum(canceled) as canceled,
        sum(closed) as closed,
        sum(reopened) as reopened
    from quarters_counted
    group by all

),

stock_at_start as (

    select
        "group",
        sum(orders) as opened
    from (
        select
            "group",
            count(*) as orders
        from orders_chosen
        where placed_at < $start
        group by "group"
        union all
        select
            "group",
            count(*) filter (where turn = 'reopened') - count(*) filter (where turn = 'closed') as orders
        from turns_chosen
        where turned_at < $start
        group by "group"
    ) as counted
    group by "group"

),

buckets_filled as (

    select
        buckets_listed.bucket_start,
        buckets_listed."group",
        coalesce(moves_counted.placed, 0) as placed,
        coalesce(moves_counted.paid, 0) as paid,
        coalesce(moves_counted.fulfilled, 0) as fulfilled,
        coalesce(moves_counted.canceled, 0) as canceled,
        coalesce(moves_counted.closed, 0) as closed,
        coalesce(moves_counted.reopened, 0) as reopened,
        coalesce(stock_at_start.opened, 0) as open_before,
        buckets_listed.is_partial
    from buckets_listed
    left join moves_counted
        on
            moves_counted.bucket_start = buckets_listed.bucket_start
            and moves_counted."group" is not distinct from buckets_listed."group"
    left join stock_at_start on stock_at_start."group" is not distinct from buckets_listed."group"

)

select
    bucket_start,
    "group",
    placed,
    paid,
    fulfilled,
    canceled,
    closed,
    reopened,
    open_before
    + sum(placed + reopened - closed) over (partition by "group" order by bucket_start) as open_at_end,
    is_partial
from buckets_filled
order by bucket_start, "group"
