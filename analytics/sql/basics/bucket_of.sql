-- bucket_of: the instant at which the hour, day, week or month that holds another instant began in a zone.
-- An hour is found by its distance, since the clock on the wall shows one hour twice a year.
create or replace macro bucket_of(instant_at, grain, zone) as
case
    when grain in ('minute', 'hour')
        then instant_at - (local_time(instant_at, zone) - wall_bucket(local_time(instant_at, zone), grain))
    else instant_of(wall_bucket(local_time(instant_at, zone), grain), zone)
end
