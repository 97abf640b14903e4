-- hours_between: hours from one time to a later one; 0 where the second came first.
create or replace macro hours_between(earlier, later) as
greatest(date_diff('microsecond', earlier, later), 0) / 3600000000.0
