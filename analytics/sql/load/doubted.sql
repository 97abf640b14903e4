-- doubted: the offsets of the records that are to be read one by one.
select spool_offset
from spooled
where not is_trusted
