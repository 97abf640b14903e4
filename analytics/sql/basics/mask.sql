-- mask: an id that is to be forgotten as another word, always the same; as `analytics.masking` says it.
create or replace macro mask(an_id) as
    case when starts_with(an_id, 'forgotten-') then an_id else 'forgotten-' || substr(sha256(an_id), 1, 24) end
