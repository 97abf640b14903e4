-- any_forgotten: one row; whether there is anything to obey.
select
    exists (select 1 from main.forgotten) as is_any,
    exists (select 1 from arriving_rows where kind = 'forgotten') as is_more
