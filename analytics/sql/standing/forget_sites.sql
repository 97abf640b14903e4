-- forget_sites: the marks of every site with a touched entity; events read anew may have taken one back.
delete from main.site_marks as kept
where kept.instance_id in (select instance_id from touched_entities)
