-- doubted: the offsets of the lines that are to be read one by one.
select spool_offset
from spooled
where not is_trusted
