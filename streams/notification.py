"""Payments and plan orders: what an event makes due, and what Wix's present word makes of it. No I/O."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ingest import catalogue
from ingest.record import EventRecord, Unreadable
from ingest.topics import PAYMENTS, PLAN_ORDERS
from streams import reason
from streams.effect import (
    NOTHING,
    PAYMENT_NOTICE,
    PURCHASE_NOTICE,
    Decision,
    Effect,
    Mark,
    payment_notice_key,
    purchase_notice_key,
)
from streams.fields import at, flag, money, text
from streams.plan_order import PlanOrder
from streams.settings import FlowSettings

APPROVED = "APPROVED"
# A transaction that went back, wholly or in part: its notice would come too late to be true.
GIVEN_BACK = ("REFUNDED", "PARTIALLY_REFUNDED")
# A transaction that had been approved and then fell through.
FALLEN_THROUGH = ("CANCELED", "DECLINED")
# An order in these states isn't bought yet; `order_purchased` comes when it is.
NOT_BOUGHT = (None, "DRAFT", "UNDEFINED")

SUBSCRIBED = "SUBSCRIBED"
# The only statuses of an address that takes mail: NOT_SET means that nothing went there yet, and
# Wix leaves out fields without a value. Any other, also one that Wix may add, takes none.
DELIVERABLE = ("VALID", "NOT_SET", "ABSENT")


def decide(record: EventRecord) -> Decision:
    """The notices that an event makes due, and the marks it leaves on others.

    A payment notice for each transaction that becomes APPROVED, a purchase notice for each plan
    order that is bought; each by a key, so that a second event about the same adds nothing.

    Raises:
        Unreadable: an approved payment without a transaction id, or an order without an id.
    """
    if record.topic == PAYMENTS.name:
        return _payment(record)
    if record.topic == PLAN_ORDERS.name:
        return _plan_order(record)
    return NOTHING


def unwanted_before_asking(
    effect: Effect, settings: FlowSettings, *, is_on: bool, now: datetime
) -> str | None:
    """Why a notice isn't wanted, as far as that is known without a call to Wix."""
    if now - effect.event_at > settings.notice_max_age:
        return reason.TOO_OLD
    if not is_on:
        return reason.OFF_BY_SETTING
    if effect.flow == PAYMENT_NOTICE and effect.payload.get("app_id") not in _app_ids(settings):
        return reason.OTHER_APP
    return None


def unwanted_by_order(effect: Effect, order: PlanOrder, *, payment_notices: bool) -> str | None:
    """Why a notice isn't wanted, now that the order is known as it is."""
    if order.status == "CANCELED":
        return reason.CANCELED
    if order.payment_status == "REFUNDED":
        return reason.REFUNDED
    if effect.flow == PURCHASE_NOTICE and payment_notices and _is_paid_online(order):
        return reason.COVERED_BY_PAYMENT
    return None


def unwanted_by_consent(subscription_status: str, deliverability_status: str) -> str | None:
    """Why an address must not be mailed; None only when it is SUBSCRIBED and takes mail."""
    if subscription_status != SUBSCRIBED:
        return reason.NOT_SUBSCRIBED
    return None if deliverability_status in DELIVERABLE else reason.UNDELIVERABLE


def is_not_bought_yet(effect: Effect, order: PlanOrder) -> bool:
    """Whether Wix still shows the order as it was before it was bought: a read that came too soon."""
    return effect.flow == PURCHASE_NOTICE and order.status == "DRAFT"


def _app_ids(settings: FlowSettings) -> set[str]:
    return {app_id.strip() for app_id in settings.payment_app_ids.split(",")}


def _is_paid_online(order: PlanOrder) -> bool:
    return order.type == "ONLINE" and order.is_priced and order.payment_status == "PAID"


def _payment(record: EventRecord) -> Decision:
    body = record.body
    webhook = catalogue.find(record.event_type, body)
    event = catalogue.entity_of(webhook, body) if webhook else {}
    if flag(event, "triggeredByAnonymizeRequest") or flag(body, "triggeredByAnonymizeRequest"):
        return _marked(record, event, reason.ANONYMIZED)
    if _is_given_back(body, event):
        return _marked(record, event, reason.REFUNDED)
    status, previous = text(event, "transaction", "status"), text(event, "previousStatus")
    if previous == APPROVED and status in FALLEN_THROUGH:
        return _marked(record, event, reason.CANCELED)
    if _is_newly_approved(body, status, previous):
        return Decision(effects=(_payment_notice(record, body, event),))
    return NOTHING


def _is_newly_approved(body: Mapping[str, Any], status: str | None, previous: str | None) -> bool:
    """The only two events that say a payment succeeded just now; TRANSACTION_UPDATED never does."""
    match text(body, "eventType"):
        case "TRANSACTION_STATUS_CHANGED":
            return status == APPROVED and previous != APPROVED
        case "TRANSACTION_CREATED":
            return status == APPROVED
        case _:
            return False


def _is_given_back(body: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    if text(body, "eventType") == "REFUND_STATUS_CHANGED":
        return text(event, "refund", "status") == APPROVED
    return text(event, "transaction", "status") in GIVEN_BACK


def _payment_notice(record: EventRecord, body: Mapping[str, Any], event: Mapping[str, Any]) -> Effect:
    transaction_id = text(event, "transaction", "id")
    if transaction_id is None:
        raise Unreadable("missing_field", "an approved payment without transaction.id")
    paid = at(event, "transaction", "amount")
    amount = money(paid, "amount")
    return Effect(
        key=payment_notice_key(record.instance_id, transaction_id),
        flow=PAYMENT_NOTICE,
        instance_id=record.instance_id,
        order_id=text(event, "order", "wixAppOrderId") or "",
        event_id=record.event_id,
        event_at=record.event_time,
        payload={
            "app_id": text(body, "wixAppId"),
            "transaction_id": transaction_id,
            "amount": None if amount is None else f"{amount:f}",
            "currency": text(paid, "currency"),
        },
    )


def _marked(record: EventRecord, event: Mapping[str, Any], why: str) -> Decision:
    transaction_id = text(event, "transaction", "id")
    if transaction_id is None:
        return NOTHING
    key = payment_notice_key(record.instance_id, transaction_id)
    return Decision(marks=(_mark(record, key, why),))


def _mark(record: EventRecord, key: str, why: str) -> Mark:
    return Mark(effect_key=key, instance_id=record.instance_id, reason=why, at=record.event_time)


def _plan_order(record: EventRecord) -> Decision:
    body = record.body
    webhook = catalogue.find(record.event_type, body)
    if webhook is None:
        return NOTHING
    order = catalogue.entity_of(webhook, body)
    order_id = text(order, "id") or text(body, "entityId")
    if flag(body, "triggeredByAnonymizeRequest"):
        key = purchase_notice_key(record.instance_id, order_id or "")
        return Decision(marks=(_mark(record, key, reason.ANONYMIZED),)) if order_id else NOTHING
    if not _is_bought(webhook.slug, text(order, "status")):
        return NOTHING
    if order_id is None:
        raise Unreadable("missing_field", "a plan order without id")
    return Decision(effects=(_purchase_notice(record, order_id),))


def _is_bought(slug: str, status: str | None) -> bool:
    """`order_created` says so unless the order is a draft; for drafts `order_purchased` says it later."""
    return slug == "purchased" or (slug == "created" and status not in NOT_BOUGHT)


def _purchase_notice(record: EventRecord, order_id: str) -> Effect:
    return Effect(
        key=purchase_notice_key(record.instance_id, order_id),
        flow=PURCHASE_NOTICE,
        instance_id=record.instance_id,
        order_id=order_id,
        event_id=record.event_id,
        event_at=record.event_time,
    )
