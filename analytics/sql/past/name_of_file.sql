-- name_of_file: one row; the ledger's name among the databases of a connection, where `main` may mean the temporary one.
select '"' || replace(current_database(), '"', '""') || '"'
