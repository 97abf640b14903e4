-- kept_share: what a typed table holds of one share of the entities.
create or replace temp view kept_share as
select *
from main.{table} as kept
where {shares} = 1 or hash(entity_number_of({family}, kept.instance_id, kept.{key})) % {shares} = {share}
