-- subscriptions_listed: one row per subscription, drafts too, as lists of orders tell of it.
create or replace view subscriptions_listed as
select
    'subscription' as kind,
    instance_id,
    order_id,
    state,
    status,
    payment_status,
    contact_id,
    member_id,
    coalesce(plan_name, plan_id) as plan,
    currency,
    price_total as amount,
    first_paid_at is not null as is_paid,
    false as is_fulfilled,
    state not in ('draft', 'canceled', 'ended') and created_at is not null as is_open,
    created_at as placed_at,
    first_paid_at as paid_at,
    -- A subscription that ran its full term is fulfilled, one that ended before is canceled.
    case when end_cause = 'completed' then ended_at end as fulfilled_at,
    case when end_cause <> 'completed' then ended_at end as canceled_at,
    started_at,
    trial_ends_at,
    set_to_cancel_at,
    ended_at,
    end_cause,
    cast(pauses as varchar) as pauses,
    last_seen_at
from subscriptions
