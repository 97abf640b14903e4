-- entity_number_of: one number for the three texts that name an entity, so that millions of rows are joined and sorted
-- by 16 bytes. Of 128 bits, since it stands for the entity itself: two of a billion entities share one once in 10^20
-- ledgers. By MD5, which, unlike DuckDB's own hash, every version of DuckDB computes alike.
create or replace macro entity_number_of(kind, instance_id, entity_id) as
cast(md5_number(family_of(kind) || '/' || instance_id || '/' || entity_id) as uuid)
