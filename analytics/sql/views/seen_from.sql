-- seen_from: from when on the pace and the delays of `pipeline` look at what was known, said of its parameters alone, so that it
-- is known before anything is read.
create or replace macro seen_from(grain, start_at, until_at) as
case
    when grain = 'minute' then coalesce(start_at, date_trunc('minute', until_at - interval 1 hour))
    else least(coalesce(start_at, until_at - interval 15 minutes), until_at - interval 1 minute)
end
