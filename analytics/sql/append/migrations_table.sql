-- migrations_table: one row per migration that this file has seen, with the digest of its text.
create table if not exists schema_migrations (
    name varchar primary key,
    sha256 varchar not null,
    applied_at timestamp not null
)
