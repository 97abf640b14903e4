-- kept_share: what a typed table holds of one share of the entities.
create or replace temp view kept_share as
select *
from main.{table}
where {shares} = 1 or hash(entity_number) % {shares} = {share}
