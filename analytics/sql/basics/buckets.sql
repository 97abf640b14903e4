-- buckets: one row per bucket that touches [first_at, until_at), the quiet ones too. `none` is one bucket of all.
-- A bucket that the period cuts is partial. `until_at` is never later than the present, which cuts it too.
create or replace macro buckets(start_at, first_at, until_at, grain, zone) as table
with

starts_listed as (

    select unnest(generate_series(bucket_of(first_at, grain, zone), until_at, grain_step(grain))) as bucket_start
    where grain in ('minute', 'hour')
    union all
    select
        instant_of(
            unnest(
                generate_series(
                    wall_bucket(local_time(first_at, zone), grain),
                    local_time(until_at, zone),
                    grain_step(grain)
                )
            ),
            zone
        ) as bucket_start
    where grain in ('day', 'week', 'month')

),

buckets_listed as (

    select
        bucket_start,
        case
            when grain in ('minute', 'hour') then bucket_start + grain_step(grain)
            else instant_of(local_time(bucket_start, zone) + grain_step(grain), zone)
        end as bucket_end
    from starts_listed
    where bucket_start < until_at
    union all
    select
        first_at as bucket_start,
        until_at as bucket_end
    where grain = 'none'

)

select
    bucket_start,
    bucket_end,
    greatest(bucket_start, coalesce(start_at, bucket_start)) as counts_from,
    least(bucket_end, until_at) as counts_until,
    grain <> 'none'
    and (
        bucket_end > until_at
        or coalesce(bucket_start < start_at, false)
    ) as is_cut
from buckets_listed
