-- keep_sites: the marks of those sites, from all of their rows.
insert into main.site_marks by name
select *
from history.site_marks
where instance_id in (select instance_id from touched_entities)
