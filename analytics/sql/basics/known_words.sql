-- known_words: one row per word that Wix's reference gives a field; anything else is an alarm.
create or replace view known_words as
select
    field,
    unnest(words) as word
from (
    values
    (
        'subscription status',
        ['DRAFT', 'PENDING', 'ACTIVE', 'PAUSED', 'ENDED', 'CANCELED', 'EXPIRED', 'PENDING_CANCELLATION', 'SUSPENDED']
    ),
    ('subscription payment', ['PAID', 'REFUNDED', 'FAILED', 'UNPAID', 'PENDING', 'NOT_APPLICABLE']),
    ('subscription cause', ['OWNER_ACTION', 'MEMBER_ACTION', 'PAYMENT_FAILURE', 'PAYMENT_SETUP_FAILURE']),
    ('store_order status', ['INITIALIZED', 'APPROVED', 'CANCELED', 'PENDING', 'REJECTED']),
    (
        'store_order payment',
        [
            'NOT_PAID', 'PAID', 'PARTIALLY_REFUNDED', 'FULLY_REFUNDED', 'PENDING', 'PARTIALLY_PAID',
            'PENDING_MERCHANT', 'CANCELED', 'DECLINED'
        ]
    ),
    ('store_order fulfillment', ['NOT_FULFILLED', 'FULFILLED', 'PARTIALLY_FULFILLED']),
    (
        'payment status',
        [
            'APPROVED', 'PENDING', 'PENDING_MERCHANT', 'CANCELED', 'DECLINED', 'REFUNDED', 'PARTIALLY_REFUNDED',
            'AUTHORIZED',
            -- Of the payments of a subscription, in events that have no transaction.
            'ACTIVE', 'CANCELLED', 'FINISHED', 'SUSPENDED'
        ]
    )
) as fields (field, words)
