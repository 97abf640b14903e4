-- doubted: the offsets of the records that are to be read one by one.
select lifecycle_offset
from spooled
where not is_trusted
