-- is_forgotten_person: whether a contact's or member's id is masked.
create or replace macro is_forgotten_person(an_id) as
    coalesce(mask(an_id) in (select known.mask from main.forgotten as known where known.scope = 'contact'), false)
