"""Approved orders and handovers: what is due, and what of an order is still to ship. No I/O."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from analytics.lifecycle import Line, Shipment
from ingest import catalogue
from ingest.record import EventRecord, Unreadable
from ingest.topics import HANDOVERS, STORE_ORDERS
from streams import reason
from streams.effect import FULFILLMENT, NOTHING, Decision, Effect, HandoverClaim, handover_key, immediate_key
from streams.fields import count, flag, items, text
from streams.order import StoreOrder

IMMEDIATE = "immediate"
HANDOVER = "handover"

NOT_SHIPPABLE_STATUSES = ("CANCELED", "REJECTED")
NOT_APPROVED_STATUSES = ("INITIALIZED", "PENDING")


def decide(record: EventRecord) -> Decision:
    """The fulfillment that an approved order or a warehouse's handover makes due.

    Both are due whatever the site's policy is; the runner knows the policy and suppresses one.

    Raises:
        Unreadable: an approved order without id, or a handover without what names it.
    """
    if record.topic == STORE_ORDERS.name:
        return _approved_order(record)
    if record.topic == HANDOVERS.name:
        return _handover(record)
    return NOTHING


def unwanted(effect: Effect, order: StoreOrder, *, max_age: timedelta, now: datetime) -> str | None:
    """Why nothing is to be shipped for an order as Wix shows it now."""
    if now - (order.created_at or effect.event_at) > max_age:
        return reason.TOO_OLD
    if order.status in NOT_SHIPPABLE_STATUSES:
        return reason.CANCELED
    if order.payment_status == "FULLY_REFUNDED":
        return reason.REFUNDED
    if order.fulfillment_status == "FULFILLED":
        return reason.ALREADY_FULFILLED
    return None if order.shipped_lines else reason.NOTHING_TO_SHIP


def is_not_approved_yet(effect: Effect, order: StoreOrder) -> bool:
    """Whether Wix still shows an approved order as it was before: a read that came too soon."""
    return effect.payload.get("mode") == IMMEDIATE and order.status in NOT_APPROVED_STATUSES


def left_to_ship(order: StoreOrder, shipments: Iterable[Shipment]) -> tuple[Line, ...]:
    """The units of lines that need shipping and are in no fulfillment yet."""
    gone = units(line for shipment in shipments for line in shipment.lines)
    left = ((line.id, line.quantity - gone[line.id]) for line in order.shipped_lines)
    return tuple(Line(id=line_id, quantity=quantity) for line_id, quantity in left if quantity > 0)


def units(lines: Iterable[Line]) -> Counter[str]:
    """How many units of each line item."""
    counted: Counter[str] = Counter()
    for line in lines:
        counted[line.id] += line.quantity
    return counted


def same_shipment(
    shipments: Iterable[Shipment], tracking_number: str, lines: Iterable[Line]
) -> Shipment | None:
    """The fulfillment that carries exactly these units under this tracking number."""
    wanted = units(lines)
    found = (one for one in shipments if one.tracking_number == tracking_number)
    return next((one for one in found if units(one.lines) == wanted), None)


def lines_of(payload: Mapping[str, Any]) -> tuple[Line, ...]:
    """The lines in an effect's payload or claim."""
    return tuple(_lines(payload, "lines"))


def _approved_order(record: EventRecord) -> Decision:
    body = record.body
    webhook = catalogue.find(record.event_type, body)
    if webhook is None or webhook.slug != "approved" or flag(body, "triggeredByAnonymizeRequest"):
        return NOTHING
    order_id = text(body, "entityId") or text(catalogue.entity_of(webhook, body), "id")
    if order_id is None:
        raise Unreadable("missing_field", "an approved order without id")
    effect = Effect(
        key=immediate_key(record.instance_id, order_id),
        flow=FULFILLMENT,
        instance_id=record.instance_id,
        order_id=order_id,
        event_id=record.event_id,
        event_at=record.event_time,
        payload={"mode": IMMEDIATE},
    )
    return Decision(effects=(effect,))


def _handover(record: EventRecord) -> Decision:
    body = record.body
    claim = HandoverClaim(
        warehouse=_needed(body, "warehouse"),
        key=_needed(body, "idempotencyKey"),
        instance_id=record.instance_id,
        order_id=_needed(body, "orderId"),
        body_hash=_needed(body, "bodyHash"),
        event_id=record.event_id,
        at=record.event_time,
    )
    return Decision(effects=(_handover_effect(record, claim, body),), handover=claim)


def _handover_effect(record: EventRecord, claim: HandoverClaim, body: Mapping[str, Any]) -> Effect:
    return Effect(
        key=handover_key(claim.instance_id, claim.order_id, claim.warehouse, claim.key),
        flow=FULFILLMENT,
        instance_id=claim.instance_id,
        order_id=claim.order_id,
        event_id=record.event_id,
        event_at=record.event_time,
        payload={
            "mode": HANDOVER,
            "warehouse": claim.warehouse,
            "key": claim.key,
            "lines": [{"id": line.id, "quantity": line.quantity} for line in _lines(body, "lineItems")],
            "tracking_number": _needed(body, "trackingNumber"),
            "shipping_provider": _needed(body, "shippingProvider"),
            "tracking_link": text(body, "trackingLink"),
        },
    )


def _needed(body: Mapping[str, Any], name: str) -> str:
    value = text(body, name)
    if value is None:
        raise Unreadable("missing_field", f"a handover without {name}")
    return value


def _lines(holder: Mapping[str, Any], name: str) -> Iterable[Line]:
    for item in items(holder, name):
        line_id, quantity = text(item, "id"), count(item, "quantity")
        if line_id is None or quantity is None or quantity < 1:
            raise Unreadable("bad_line", f"{name} holds an entry without id or units")
        yield Line(id=line_id, quantity=quantity)
