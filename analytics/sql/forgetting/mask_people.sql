-- mask_people: a person's rows stay, so that no total changes; their ids become other words, wherever they stand.
update main.lifecycle as kept
set
    contact_id = person_now(kept.contact_id),
    member_id = person_now(kept.member_id),
    facts = without_person(without_person(kept.facts, kept.contact_id), kept.member_id)
where
    kept.contact_id in (select asked.id from arriving_forgotten as asked where asked.scope = 'contact')
    or kept.member_id in (select asked.id from arriving_forgotten as asked where asked.scope = 'contact')
