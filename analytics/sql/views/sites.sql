-- sites: one row per site. `observed_from` is the earliest order loaded when it was reconciled, else when the app was
-- installed, else the first event; an order that a partial reconcile loaded only ever moves it back.
create or replace view sites as
select
    instance_id,
    properties.facts ->> '$.name' as name,
    properties.facts ->> '$.currency' as currency,
    properties.facts ->> '$.timezone' as timezone,
    installed_at,
    case when last_turn.what = 'removed' then removed_at end as removed_at,
    coalesce(reconciled_from, least(first_order_at, coalesce(installed_at, first_event_at))) as observed_from,
    reconciled_at is not null as is_reconciled
from site_marks
