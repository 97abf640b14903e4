-- wall_bucket: the start, on the clock on the wall, of the bucket that holds a time on it. `none` has no buckets;
-- it is given days, since a constant grain is looked at even where its branch is never taken.
create or replace macro wall_bucket(wall_at, grain) as
date_trunc(case when grain = 'none' then 'day' else grain end, wall_at)
