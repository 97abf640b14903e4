-- obeying_rows: the arriving rows as they may be kept: no row of a forgotten site, and no id of a forgotten person.
-- What asked for it is kept without saying who.
create or replace temp view obeying_rows as
select * replace (
    case when is_forgotten_site(instance_id) then mask(instance_id) else instance_id end as instance_id,
    case when kind = 'forgotten' then mask(entity_id) else entity_id end as entity_id,
    case when kind = 'forgotten' then mask(event_id) else event_id end as event_id,
    person_now(contact_id) as contact_id,
    person_now(member_id) as member_id,
    without_person(without_person(facts, contact_id), member_id) as facts
)
from arriving_rows
where kind = 'forgotten' or not is_forgotten_site(instance_id)
