-- drop_sites: the rows of a site that asks to be forgotten; where they came from stays, for the log has it still.
delete from main.lifecycle as kept
using arriving_forgotten as asked
where asked.scope = 'site' and kept.instance_id = asked.id and kept.kind <> 'forgotten'
