-- read_offset: one row, if the partition was ever read.
select topic_id, next_offset
from offsets
where topic = $topic and partition = $partition
