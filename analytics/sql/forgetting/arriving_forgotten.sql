-- arriving_forgotten: one row per id that the arriving rows ask to forget.
create or replace temp table arriving_forgotten as
select distinct
    asked.scope,
    asked.id,
    mask(asked.id) as mask
from (
    select
        case when facts ->> '$.scope' = 'site' then 'site' else 'contact' end as scope,
        unnest([entity_id, facts ->> '$.member_id']) as id
    from arriving_rows
    where kind = 'forgotten'
) as asked
where asked.id is not null
