-- switch_time: how long after an end a new subscription still makes it a switch, and no churn.
create or replace macro switch_time() as to_seconds(coalesce(getvariable('switch_seconds'), 86400))
