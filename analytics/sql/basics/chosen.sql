-- chosen: whether a filter that may be absent lets a value through.
create or replace macro chosen(choice, candidate) as coalesce(choice is null or list_contains(choice, candidate), false)
