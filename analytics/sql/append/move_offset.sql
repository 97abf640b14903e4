-- move_offset: how far this partition has been read.
insert into offsets (topic, partition, topic_id, next_offset)
values ($topic, $partition, $topic_id, $next_offset)
on conflict (topic, partition) do update set next_offset = excluded.next_offset
