-- add_forgotten: who is asked for the first time.
insert into main.forgotten
select distinct
    arriving.scope,
    arriving.mask
from arriving_forgotten as arriving
anti join main.forgotten as known on known.scope = arriving.scope and known.mask = arriving.mask
