-- old_views: one row per view of another build.
select view_name
from duckdb_views()
where
    schema_name = 'main'
    and database_name = current_database()
    and not internal
    and not temporary
    and view_name not in ('slug_ranks', 'known_words', 'legal_transitions')
