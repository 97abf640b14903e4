-- person_now: a contact's or member's id as it may be kept.
create or replace macro person_now(an_id) as case when is_forgotten_person(an_id) then mask(an_id) else an_id end
