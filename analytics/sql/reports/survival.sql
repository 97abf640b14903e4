-- survival: one row per subscription: how many days it lived or has lived, and from which age on we watched it.
-- The curve is made of these rows.
select
    cast(
        floor(date_diff('microsecond', subscriptions.started_at, least(coalesce(subscriptions.ended_at, $now), $now)) / 86400000000.0)
        as double
    ) as age_days,
    coalesce(subscriptions.ended_at < $now, false) as is_finished,
    -- A site that was loaded whole hides no early endings; elsewhere we saw none before the first event.
    cast(
        case
            when sites.is_reconciled then -1
            else greatest(
                floor(date_diff('microsecond', subscriptions.started_at, subscriptions.first_seen_at) / 86400000000.0), 0
            ) - 1
        end as double
    ) as entered_days
from subscriptions
left join sites on sites.instance_id = subscriptions.instance_id
where
    subscriptions.started_at < $now
    and coalesce(subscriptions.ended_at >= subscriptions.started_at, true)
    and chosen($site, subscriptions.instance_id)
    and chosen($currency, subscriptions.currency)
    and ($plan is null or subscriptions.plan_id = $plan or subscriptions.plan_name = $plan)
    and within(subscriptions.started_at, $start, $until)
order by age_days
