-- stretch_places: the stretches that arriving records go on with reach as far as they do.
update main.covered as kept
set until_offset = noted.until_offset
from noted_places as noted
where
    kept.topic = noted.topic
    and kept.partition = noted.partition
    and kept.is_dead = noted.is_dead
    and kept.first_offset <= noted.first_offset
    and kept.until_offset >= noted.first_offset
    and kept.until_offset < noted.until_offset
