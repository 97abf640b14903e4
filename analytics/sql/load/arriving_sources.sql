-- arriving_sources: every appearance of a row in the spool.
create or replace temp view arriving_sources as
with

rows_spooled as (

    select *
    from spooled
    where is_trusted

)

select *
from first_seen('rows_spooled')
