-- look: one row per family of the touched entities; whether rows of it are here already.
select
    touched.family,
    count(known.entity_number) > 0 as is_known
from touched_entities as touched
left join known_entities as known on known.entity_number = touched.entity_number
group by touched.family
