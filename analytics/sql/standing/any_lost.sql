-- any_lost: one row, if a pair is named no more.
select 1
from pairs_changed
where not is_won
limit 1
