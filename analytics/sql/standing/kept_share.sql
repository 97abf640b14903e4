-- kept_share: what a typed table holds of one share of the entities.
create or replace temp view kept_share as
select *
from main.{table}
where hash({key}) % {shares} = {share}
