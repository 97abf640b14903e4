-- lifecycle_columns: no row; the columns of the rows that definitions read.
select *
from main.lifecycle_now
limit 0
