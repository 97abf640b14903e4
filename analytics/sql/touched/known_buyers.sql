-- known_buyers: one row per pair of contact and member among the customers that a batch touches.
create or replace view known_buyers as
select *
from touched_buyers
