-- grain_step: the length of one bucket.
create or replace macro grain_step(grain) as
case grain
    when 'minute' then to_minutes(1)
    when 'hour' then to_hours(1)
    when 'day' then to_days(1)
    when 'week' then to_days(7)
    else to_months(1)
end
