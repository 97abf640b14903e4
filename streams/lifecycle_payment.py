"""A payment event becomes PaymentFacts; an inbox or subscription event AudienceFacts. No I/O."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from analytics.lifecycle import AudienceFacts, PaymentFacts
from streams.fields import at, count, flag, moment, money, text

UNKNOWN = "UNKNOWN"


def payment_facts(body: Mapping[str, Any], event: Mapping[str, Any]) -> PaymentFacts:
    """What the transaction looked like. `event` is the `<xxx>Event` object inside `body`."""
    transaction = at(event, "transaction")
    return PaymentFacts(
        change=text(body, "eventType") or UNKNOWN,
        status=text(transaction, "status") or text(event, "status"),
        # In a refund's event this is the refund's previous status, not the transaction's.
        previous_status=None if at(event, "refund") else text(event, "previousStatus"),
        app_id=text(body, "wixAppId"),
        amount=money(transaction, "amount", "amount"),
        refunded_amount=_refunded(transaction),
        currency=text(transaction, "amount", "currency"),
        cycle_number=count(transaction, "recurringPaymentDetails", "cycleNumber"),
        reason_code=count(transaction, "reasonCode"),
        created_at=moment(transaction, "createdAt"),
        refund_status=text(event, "refund", "status"),
        is_anonymized=any(flag(one, "triggeredByAnonymizeRequest") for one in (body, event)),
    )


def audience_facts(body: Mapping[str, Any], entity: Mapping[str, Any]) -> AudienceFacts:
    """What changed about an address or a conversation: statuses and ids only."""
    return AudienceFacts(
        subscription_status=text(body, "subscription", "subscriptionStatus"),
        deliverability_status=text(body, "subscription", "deliverabilityStatus"),
        conversation_id=text(entity, "conversationId") or text(entity, "targetConversationId"),
    )


def _refunded(transaction: object) -> Decimal | None:
    """Wix documents a number; an object like `amount` is allowed for."""
    number = money(transaction, "refundedAmount")
    return money(transaction, "refundedAmount", "amount") if number is None else number
