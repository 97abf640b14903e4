-- begun_subscriptions: one row per subscription that began; `buyer` is the id under which `customers` knows whose it is.
create or replace view begun_subscriptions as
select
    entity_number,
    instance_id,
    order_id,
    coalesce('contact ' || contact_id, 'member ' || member_id) as buyer,
    plan_id,
    coalesce(plan_name, plan_id, 'unknown') as plan,
    currency,
    coalesce(is_recurring and price_recurring > 0, false) as is_priced,
    started_at,
    greatest(trial_ends_at, priced_at) as pays_from,
    set_to_cancel_at,
    paid_until,
    ended_at,
    end_cause
from subscriptions
where started_at is not null
