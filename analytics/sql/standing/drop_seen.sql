-- drop_seen: the arriving rows that are here already are nothing new.
delete from coming_rows
where row_id in (select row_id from found_rows)
