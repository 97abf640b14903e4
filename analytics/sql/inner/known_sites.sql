-- known_sites: one row per site that we heard of.
select
    instance_id as site,
    removed_at is not null as is_removed
from sites
order by instance_id
