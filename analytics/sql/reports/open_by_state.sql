-- open_by_state: one row per bucket and state: how many orders stood open in it just before the bucket's end.
with

stretches_chosen as (

    select
        stretches.state,
        stretches.began_at,
        stretches.ended_at
    from order_stretches as stretches
    where
        stretches.family = case when $kind = 'store' then 'store_order' else 'subscription' end
        and stretches.state not in ('draft', 'fulfilled', 'canceled', 'rejected', 'ended')
        and exists (
            select 1
            from orders
            where
                orders.kind = $kind
                and orders.instance_id = stretches.instance_id
                and orders.order_id = stretches.order_id
                and orders.placed_at is not null
                and chosen($site, orders.instance_id)
                and chosen($currency, orders.currency)
        )

),

buckets_listed as (

    select
        bucket_start,
        counts_until
    from buckets(
        $start,
        coalesce($start, (select min(began_at) from stretches_chosen), $until),
        $until,
        $grain,
        $tz
    )

),

states_listed as (

    select distinct state
    from stretches_chosen

),

moves_summed as (

    select
        state,
        moved_at,
        sum(step) as step
    from (
        select state, began_at as moved_at, 1 as step
        from stretches_chosen
        union all
        select state, ended_at as moved_at, -1 as step
        from stretches_chosen
        where ended_at is not null
    ) as moves
    where moved_at < $until
    group by state, moved_at

),

-- The number of orders after each move; a bucket shows the one after the last move before its end.
moves_added_up as (

    select
        state,
        moved_at,
        sum(step) over (
            partition by state
            order by moved_at
        ) as orders
    from moves_summed

),

cells_listed as (

    select
        buckets_listed.bucket_start,
        buckets_listed.counts_until - interval 1 microsecond as looked_at,
        states_listed.state
    from buckets_listed
    cross join states_listed

)

select
    cells_listed.bucket_start,
    cells_listed.state,
    coalesce(moves.orders, 0) as orders
from cells_listed
asof left join moves_added_up as moves
    on
        moves.state = cells_listed.state
        and cells_listed.looked_at >= moves.moved_at
order by cells_listed.bucket_start, cells_listed.state
