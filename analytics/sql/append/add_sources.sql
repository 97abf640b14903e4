-- add_sources: every appearance is kept; the offset guard makes each one new.
insert into sources by name
select * from arriving_sources
