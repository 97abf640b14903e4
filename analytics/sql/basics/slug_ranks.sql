-- slug_ranks: one row per slug; which of two events of one entity and one instant came first.
create or replace view slug_ranks as
select
    slug,
    slug_rank
from (
    values
    ('created', 1),
    ('updated', 2),
    ('purchased', 3),
    ('approved', 4),
    ('start_date_changed', 5),
    ('started', 6),
    ('cycle_started', 7),
    ('marked_as_paid', 8),
    ('payment_status_updated', 9),
    ('fulfilled', 10),
    ('paused', 11),
    ('resumed', 12),
    ('end_date_postponed', 13),
    ('auto_renew_canceled', 14),
    ('canceled', 15),
    ('ended', 16)
) as ranks (slug, slug_rank)
