-- begun_subscriptions: one row per subscription that began, of the customers that a batch touches.
create or replace view begun_subscriptions as
select *
from touched_subscriptions
