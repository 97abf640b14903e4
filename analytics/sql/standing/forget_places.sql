-- forget_places: the stretches of the partitions that records arrived from.
delete from main.covered as kept
using (select distinct topic, partition from arriving_sources) as arriving
where arriving.topic = kept.topic and arriving.partition = kept.partition
