-- moment: a time as rows write it, in UTC without a zone; null if it is none.
create or replace macro moment(text) as timezone('UTC', try_cast(text as timestamptz))
