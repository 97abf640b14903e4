-- coming_like: one row; whether quota rows arrive, and whether rows of more than one mapping version may be here. The
-- lowest and highest of a column are known without reading it.
select
    (select count(*) from coming_rows where kind = 'quota') > 0 as has_quota,
    least(arriving.lowest, kept.lowest) < greatest(arriving.highest, kept.highest) as may_be_restated
from
    (select min(mapping_version) as lowest, max(mapping_version) as highest from coming_rows) as arriving,
    (select min(mapping_version) as lowest, max(mapping_version) as highest from main.lifecycle) as kept
