-- fulfillment_distribution: one row per bin; bins double in width, and those without orders in between are listed.
with

durations_binned as (

    select
        -- Under an hour is the first bin; then 1–2, 2–4, 4–8 hours …
        case when hours < 1 then 0 else floor(log2(hours)) + 1 end as bin
    from step_durations($step, $now)
    where
        outcome = 'finished'
        and chosen($site, instance_id)
        and chosen($currency, currency)
        and within(first_at, $start, $until)

),

bins_listed as (

    select unnest(range(0, (select cast(max(bin) as bigint) from durations_binned) + 1)) as bin

)

select
    case when bins_listed.bin = 0 then 0.0 else pow(2, bins_listed.bin - 1) end as from_hours,
    pow(2, bins_listed.bin) as to_hours,
    count(durations_binned.bin) as orders
from bins_listed
left join durations_binned on durations_binned.bin = bins_listed.bin
group by bins_listed.bin
order by bins_listed.bin
