-- note_buyers: every id whose customer may have changed: those the touched entities named before and name now.
create or replace temp table touched_ids as
select distinct
    instance_id,
    unnest([contact, member]) as id
from (
    select kept.instance_id, kept.contact, kept.member
    from main.buyers as kept
    semi join touched_entities as touched
        on
            touched.family = kept.family
            and touched.instance_id = kept.instance_id
            and touched.entity_id = kept.entity_id
    union all
    select instance_id, contact, member
    from touched.buyers
) as named
