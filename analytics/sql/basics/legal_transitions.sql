-- legal_transitions: one row per change of state that Wix documents, or allows without documenting it.
create or replace view legal_transitions as
select
    kind,
    from_state,
    to_state
from (
    values
    ('subscription', 'draft', 'active'),
    ('subscription', 'draft', 'pending'),
    ('subscription', 'draft', 'canceled'),
    ('subscription', 'pending', 'active'),
    ('subscription', 'pending', 'canceled'),
    ('subscription', 'active', 'paused'),
    ('subscription', 'active', 'canceled'),
    ('subscription', 'active', 'ended'),
    ('subscription', 'paused', 'active'),
    ('subscription', 'paused', 'canceled'),
    ('store_order', 'INITIALIZED', 'PENDING'),
    ('store_order', 'INITIALIZED', 'APPROVED'),
    ('store_order', 'INITIALIZED', 'CANCELED'),
    ('store_order', 'INITIALIZED', 'REJECTED'),
    ('store_order', 'PENDING', 'APPROVED'),
    ('store_order', 'PENDING', 'CANCELED'),
    ('store_order', 'PENDING', 'REJECTED'),
    ('store_order', 'APPROVED', 'CANCELED')
) as transitions (kind, from_state, to_state)
