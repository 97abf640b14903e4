-- mrr: one row per bucket and currency: monthly recurring revenue at its start and end, and what moved it.
with

-- By quarters of an hour, so that few instants have to be put on a clock.
movements_summed as materialized (

    select
        currency,
        quarter_of(moved_at) as quarter_start,
        movement,
        sum(step) as step,
        min(moved_at) as first_at
    from mrr_movements($start, $until, $site, $currency)
    group by all

),

-- What moved before the period has come to this, whosever it was.
before_summed as materialized (

    select
        currency,
        sum(mrr) - coalesce(sum(mrr) filter (where ended_at < $start and ended_at < $until), 0) as step
    from subscription_spans
    where
        mrr > 0
        and began_at < $start
        and began_at < $until
        and chosen($site, instance_id)
        and chosen($currency, currency)
    group by currency

),

currencies_listed as (

    select currency
    from movements_summed
    union
    select currency
    from before_summed

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
        coalesce($start, (select min(first_at) from movements_summed), $until),
        $until,
        $grain,
        $tz
    ) as buckets
    cross join currencies_listed

),

buckets_summed as (

    select
        currency,
        bucket_of(quarter_start, $grain, $tz) as bucket_start,
        coalesce(sum(step) filter (where movement = 'new'), 0) as new,
        coalesce(sum(step) filter (where movement = 'reactivation'), 0) as reactivation,
        coalesce(sum(step) filter (where movement = 'expansion'), 0) as expansion,
        coalesce(-sum(step) filter (where movement = 'contraction'), 0) as contraction,
        coalesce(-sum(step) filter (where movement = 'churn'), 0) as churn,
        sum(step) as step
    from movements_summed
    group by all

),

buckets_filled as (

    select
        buckets_listed.bucket_start,
        buckets_listed.currency,
        buckets_listed.is_partial,
        coalesce(buckets_summed.new, 0) as new,
        coalesce(buckets_summed.reactivation, 0) as reactivation,
        coalesce(buckets_summed.expansion, 0) as expansion,
        coalesce(buckets_summed.contraction, 0) as contraction,
        coalesce(buckets_summed.churn, 0) as churn,
        coalesce(buckets_summed.step, 0) as step,
        coalesce(before_summed.step, 0)
        + sum(coalesce(buckets_summed.step, 0)) over (
            partition by buckets_listed.currency
            order by buckets_listed.bucket_start
        ) as at_end
    from buckets_listed
    left join buckets_summed
        on
            buckets_summed.bucket_start = buckets_listed.bucket_start
            and buckets_summed.currency is not distinct from buckets_listed.currency
    left join before_summed on before_summed.currency is not distinct from buckets_listed.currency

)

select
    bucket_start,
    currency,
    money(at_end - step) as at_start,
    money(new) as new,
    money(reactivation) as reactivation,
    money(expansion) as expansion,
    money(contraction) as contraction,
    money(churn) as churn,
    money(at_end) as at_end,
    (churn + contraction) / nullif(at_end - step, 0) as gross_churn_rate,
    (churn + contraction - expansion - reactivation) / nullif(at_end - step, 0) as net_churn_rate,
    is_partial
from buckets_filled
order by bucket_start, currency
