-- moment: a time as rows write it, in UTC without a zone; null if it is none.
create or replace macro moment(text) as in_utc(try_cast(text as timestamptz))
