-- keep_then: what stood of those entities in place of that.
create temp table {table}_then as
select *
from {source}
