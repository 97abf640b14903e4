-- through: one row; how far the ledger reaches, by the time things happened and by the time they were known.
select
    max(happened_at) as data_through,
    max(known_at) as known_through
from lifecycle
