-- forget_buyers: what was kept of them.
delete from main.buyers
where rowid in (select place from named_before)
