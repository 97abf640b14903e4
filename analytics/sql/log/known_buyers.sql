-- known_buyers: one row per pair of contact and member known in a site.
create or replace view known_buyers as
select distinct
    instance_id,
    contact,
    member
from buyers
