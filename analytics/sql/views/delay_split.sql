-- delay_split: in words, how the seconds from an event until Wix had accepted its effect went by; null if unknown.
create or replace macro delay_split(delay_seconds, waiting_seconds, calls_seconds) as
case
    when delay_seconds + waiting_seconds + calls_seconds is not null
        then
            printf(
                '%.1f s until it reached us, %.1f s waiting, %.1f s in our calls',
                cast(delay_seconds - waiting_seconds - calls_seconds as double),
                waiting_seconds,
                calls_seconds
            )
end
