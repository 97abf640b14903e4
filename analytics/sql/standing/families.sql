-- families: one row per family of the touched entities.
select distinct family
from touched_entities
