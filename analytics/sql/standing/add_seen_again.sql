-- add_seen_again: where rows were seen that are no news, in this batch or at all.
insert into main.seen_again by name
select *
from arriving_sources
where lifecycle_offset not in (select lifecycle_offset from coming_rows)
