-- revenue: one row per bucket and currency: what was paid and what was given back in it.
with

payments_chosen as (

    select *
    from payments
    where
        chosen($site, instance_id)
        and chosen($currency, currency)

),

moves_listed as (

    select currency, paid_at as moved_at, amount as paid, 0 as refunded, instance_id || ' ' || order_id as order_paid
    from payments_chosen
    where within(paid_at, $start, $until)
    union all
    select currency, refunded_at as moved_at, 0 as paid, refunded_amount as refunded, null as order_paid
    from payments_chosen
    where within(refunded_at, $start, $until)

),

currencies_listed as (

    select distinct currency
    from payments_chosen

),

buckets_listed as (

    select
        buckets.bucket_start,
        currencies_listed.currency,
        buckets.is_cut
        or coalesce(
            buckets.bucket_start < (select min(observed_from) from sites where chosen($site, instance_id)), false
        ) as is_partial
    from buckets(
        $start,
        coalesce($start, (select min(moved_at) from moves_listed), $until),
        $until,
        $grain,
        $tz
    ) as buckets
    cross join currencies_listed

),

quarters_read as (

    select
        quarter_start,
        bucket_of(quarter_start, $grain, $tz) as bucket_start
    from (select distinct quarter_of(moved_at) as quarter_start from moves_listed) as quarters

),

buckets_summed as (

    select
        quarters_read.bucket_start,
        moves_listed.currency,
        sum(moves_listed.paid) as paid,
        sum(moves_listed.refunded) as refunded,
        count(distinct moves_listed.order_paid) as orders
    from moves_listed
    inner join quarters_read on quarters_read.quarter_start = quarter_of(moves_listed.moved_at)
    group by all

)

select
    buckets_listed.bucket_start,
    buckets_listed.currency,
    money(coalesce(buckets_summed.paid, cast(0 as decimal(38, 6)))) as paid,
    money(coalesce(buckets_summed.refunded, cast(0 as decimal(38, 6)))) as refunded,
    coalesce(buckets_summed.orders, 0) as orders,
    buckets_listed.is_partial
from buckets_listed
left join buckets_summed
    on
        buckets_summed.bucket_start = buckets_listed.bucket_start
        and buckets_summed.currency is not distinct from buckets_listed.currency
order by buckets_listed.bucket_start, buckets_listed.currency
