-- made_by: the definitions that the typed tables were made by, if they are whole.
select sha256
from main.derived
