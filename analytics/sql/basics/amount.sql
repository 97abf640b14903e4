-- amount: money as rows write it, six places inside; null if it is none.
create or replace macro amount(text) as try_cast(text as decimal(38, 6))
