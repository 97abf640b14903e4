-- differ: one row; how many rows a typed table and its definition over the whole log do not share.
select count(*)
from (
    (from main.{table} except all from history.{table})
    union all
    (from history.{table} except all from main.{table})
)
