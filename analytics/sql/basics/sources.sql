-- sources: one row per appearance of a row on order-lifecycle, of those that were dropped, too.
create or replace view sources as
select *
from first_seen('main.lifecycle')
union all by name
select *
from main.seen_again
