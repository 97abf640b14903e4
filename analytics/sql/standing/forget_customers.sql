-- forget_customers: who the gathered ids were.
delete from main.customers
where rowid in (select place from gathered_customers)
