-- add_errors: records that were no rows.
insert into row_errors by name
select * from arriving_errors
