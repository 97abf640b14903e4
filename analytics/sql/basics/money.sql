-- money: money as reports show it: a decimal string, at least two places, no zeros after those.
create or replace macro money(value) as regexp_replace(cast(value as varchar), '0{1,4}$', '')
