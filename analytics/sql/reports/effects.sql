-- effects: one row per flow (and bucket of the event that made them due); due is the sum of the five that follow.
with

effects_chosen as (

    select
        flow,
        outcome,
        event_at,
        date_diff('microsecond', event_at, done_at) / 1000000.0 as delay_seconds
    from effects
    where
        chosen($flow, flow)
        and chosen($site, instance_id)
        and within(event_at, $start, $until)

),

buckets_listed as (

    select
        bucket_start,
        counts_from,
        counts_until
    from buckets(
        $start,
        coalesce($start, (select min(event_at) from effects_chosen), $until),
        $until,
        $grain,
        $tz
    )

),

flows_listed as (

    select flow
    from (values ('payment_notice'), ('purchase_notice'), ('fulfillment'), ('access')) as flows (flow)
    where chosen($flow, flow)
    union
    select flow
    from effects_chosen

)

select
    case when $grain = 'none' then $start else buckets_listed.bucket_start end as bucket_start,
    flows_listed.flow,
    count(effects_chosen.outcome) as due,
    count(*) filter (where effects_chosen.outcome = 'done') as done,
    count(*) filter (where effects_chosen.outcome = 'suppressed') as suppressed,
    count(*) filter (where effects_chosen.outcome = 'waiting') as waiting,
    count(*) filter (where effects_chosen.outcome = 'failed') as failed,
    count(*) filter (where effects_chosen.outcome = 'open') as open,
    quantile_disc(effects_chosen.delay_seconds, 0.5) filter (where effects_chosen.outcome = 'done')
        as delay_p50_seconds,
    quantile_disc(effects_chosen.delay_seconds, 0.95) filter (where effects_chosen.outcome = 'done')
        as delay_p95_seconds
from buckets_listed
cross join flows_listed
left join effects_chosen
    on
        effects_chosen.flow = flows_listed.flow
        and effects_chosen.event_at >= buckets_listed.counts_from
        and effects_chosen.event_at < buckets_listed.counts_until
group by buckets_listed.bucket_start, flows_listed.flow
order by bucket_start, flow
