-- within: whether a time lies in a half-open period either end of which may be absent.
create or replace macro within(moment_at, start_at, end_at) as
(start_at is null or coalesce(moment_at >= start_at, false))
and (end_at is null or coalesce(moment_at < end_at, false))
