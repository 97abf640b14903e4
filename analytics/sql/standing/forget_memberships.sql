-- forget_memberships: what was kept of them.
delete from main.memberships
where rowid in (select place from gathered_memberships)
