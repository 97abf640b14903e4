-- keep_places: where the rows that are to be dropped came from.
insert into main.seen_again by name
with

rows_dropped as (

    select kept.*
    from main.lifecycle as kept
    inner join arriving_forgotten as asked on asked.scope = 'site' and asked.id = kept.instance_id
    where kept.kind <> 'forgotten'

)

select *
from first_seen('rows_dropped')
