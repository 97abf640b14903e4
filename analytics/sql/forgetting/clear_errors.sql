-- clear_errors: what was no row, but names who is to be forgotten.
update main.row_errors as kept
set
    error = 'forgotten',
    value = ''::blob
from arriving_forgotten as asked
where contains(cast(kept.value as varchar), asked.id)
