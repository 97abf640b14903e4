-- instant_of: the instant (UTC without a zone) at which the clock on the wall of a zone shows a time.
create or replace macro instant_of(wall_at, zone) as timezone('UTC', timezone(zone, wall_at))
