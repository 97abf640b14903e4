-- gather_all_subscriptions: every one that began.
create or replace temp table touched_subscriptions as
select *
from main.begun_subscriptions
