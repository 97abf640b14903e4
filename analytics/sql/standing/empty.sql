-- empty: a typed table begins anew.
delete from main.{table}
