-- local_time: what the clock on the wall of a zone shows at an instant (UTC without a zone).
create or replace macro local_time(instant_at, zone) as timezone(zone, timezone('UTC', instant_at))
