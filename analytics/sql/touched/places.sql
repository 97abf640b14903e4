-- places: one row per arriving record of an event topic, and per stretch known of its partition.
create or replace view places as
select *
from touched_places
