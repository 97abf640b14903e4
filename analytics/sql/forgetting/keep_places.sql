-- keep_places: where the rows that are to be dropped came from.
insert into main.seen_again by name
select first_seen.*
from first_seen
inner join main.lifecycle as dropped on dropped.row_id = first_seen.row_id
inner join arriving_forgotten as asked on asked.scope = 'site' and asked.id = dropped.instance_id
where dropped.kind <> 'forgotten'
