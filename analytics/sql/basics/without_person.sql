-- without_person: facts in which a person's id is another word, if it is to be forgotten.
create or replace macro without_person(facts, an_id) as
    case
        when is_forgotten_person(an_id) then replace(facts, '"' || an_id || '"', '"' || mask(an_id) || '"')
        else facts
    end
