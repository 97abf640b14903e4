-- coming_like: one row; whether quota rows arrive, rows of more than one mapping version may be here, a mark of a site may
-- move: most rows are no marks, and later than the first of their site. The lowest and highest of a column are known
-- without reading it.
select
    (select count(*) from coming_rows where kind = 'quota') > 0 as has_quota,
    least(arriving.lowest, kept.lowest) < greatest(arriving.highest, kept.highest) as may_be_restated,
    exists (
        select 1
        from coming_rows as coming
        left join main.site_marks as marked on marked.instance_id = coming.instance_id
        where
            coming.kind in ('installation', 'site', 'reconciled')
            or (
                coming.is_from_event
                and (coming.what = 'snapshot' or coalesce(marked.first_event_at > coming.happened_at, true))
            )
    ) as may_mark
from
    (select min(mapping_version) as lowest, max(mapping_version) as highest from coming_rows) as arriving,
    (select min(mapping_version) as lowest, max(mapping_version) as highest from main.lifecycle) as kept
