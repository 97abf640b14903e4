-- add_samples: one look at the broker, and the end of those older than needed.
insert into samples by name
select * from arriving_samples
