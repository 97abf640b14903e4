-- begun_anew: those of the touched subscriptions that began.
create or replace temp table begun_anew as
{begun}
