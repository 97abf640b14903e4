-- any_earlier: one row; whether a row that is here was known earlier than it says.
select exists (
    select 1
    from coming_rows
    inner join found_rows on found_rows.row_id = coming_rows.row_id
    where coming_rows.known_at < found_rows.known_at
)
