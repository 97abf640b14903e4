"""What one record says: what happened, to which entity, and how that looked. No I/O."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from analytics.lifecycle import Facts, HandoverFacts, InstallationFacts, UnrecognizedFacts
from ingest import catalogue
from ingest.record import EventRecord, Unreadable
from ingest.topics import HANDOVERS, SNAPSHOTS, UNRECOGNIZED
from streams.fields import at, flag, text
from streams.lifecycle_payment import audience_facts, payment_facts
from streams.lifecycle_plan import subscription_facts
from streams.lifecycle_store import fulfillments_facts, lines, store_order_facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """The part of a row that depends on the kind of event.

    `variant` tells apart rows that one event id may give, where `what` doesn't.
    """

    what: str
    entity_id: str
    order_id: str | None
    facts: Facts
    variant: str = ""


def fact_of(record: EventRecord, body: Mapping[str, Any]) -> Fact:
    """Read a record by its topic and, on Wix's topics, by what the catalogue says of its type.

    Raises:
        Unreadable: the entity it is about has no id.
    """
    if record.topic == HANDOVERS.name:
        return _handover(body)
    if record.topic == SNAPSHOTS.name:
        return _snapshot(record, body)
    webhook = catalogue.find(record.event_type, body)
    if webhook is None or record.topic == UNRECOGNIZED.name:
        return _unrecognized(record, body)
    return _READERS[webhook.entity](record, body, webhook)


def _subscription(record: EventRecord, body: Mapping[str, Any], webhook: catalogue.Webhook) -> Fact:
    order = catalogue.entity_of(webhook, body)
    return _plan_order(record, body, order, what=webhook.slug)


def _plan_order(record: EventRecord, body: Mapping[str, Any], order: Mapping[str, Any], *, what: str) -> Fact:
    facts = subscription_facts(
        order,
        identity_type=text(record.identity, "identityType"),
        is_anonymized=_is_anonymized(body),
    )
    order_id = _order_id(order, body)
    return Fact(what=what, entity_id=order_id, order_id=order_id, facts=facts)


def _store_order(record: EventRecord, body: Mapping[str, Any], webhook: catalogue.Webhook) -> Fact:
    return _ecom_order(record, body, catalogue.entity_of(webhook, body), what=webhook.slug)


def _ecom_order(record: EventRecord, body: Mapping[str, Any], order: Mapping[str, Any], *, what: str) -> Fact:
    facts = store_order_facts(
        order,
        identity_type=text(record.identity, "identityType"),
        is_anonymized=_is_anonymized(body),
    )
    order_id = _order_id(order, body)
    return Fact(what=what, entity_id=order_id, order_id=order_id, facts=facts)


def _fulfillments(record: EventRecord, body: Mapping[str, Any], webhook: catalogue.Webhook) -> Fact:
    entity = catalogue.entity_of(webhook, body)
    order_id = text(entity, "orderId") or _order_id({}, body)
    return Fact(what=webhook.slug, entity_id=order_id, order_id=order_id, facts=fulfillments_facts(entity))


def _payment(record: EventRecord, body: Mapping[str, Any], webhook: catalogue.Webhook) -> Fact:
    event = catalogue.entity_of(webhook, body)
    facts = payment_facts(body, event)
    # A recurring-status event has no transaction; the cashier's order stands in for it.
    payment_id = text(event, "transaction", "id") or text(event, "order", "id") or record.event_id
    return Fact(
        what=webhook.slug,
        entity_id=payment_id,
        order_id=text(event, "order", "wixAppOrderId"),
        facts=facts,
    )


def _installation(record: EventRecord, body: Mapping[str, Any], webhook: catalogue.Webhook) -> Fact:
    facts = InstallationFacts(app_id=text(body, "appId") or record.app_id)
    return Fact(what=webhook.slug, entity_id=record.instance_id, order_id=None, facts=facts)


def _audience(record: EventRecord, body: Mapping[str, Any], webhook: catalogue.Webhook) -> Fact:
    facts = audience_facts(body, catalogue.entity_of(webhook, body))
    entity_id = facts.conversation_id or text(body, "entityId") or record.event_id
    return Fact(what=webhook.slug, entity_id=entity_id, order_id=None, facts=facts)


def _unrecognized(record: EventRecord, body: Mapping[str, Any]) -> Fact:
    entity_id = text(body, "entityId") or record.event_id
    return Fact(what="unrecognized", entity_id=entity_id, order_id=None, facts=UnrecognizedFacts())


def _handover(body: Mapping[str, Any]) -> Fact:
    warehouse, key = text(body, "warehouse"), text(body, "idempotencyKey")
    if warehouse is None or key is None:
        raise Unreadable("no_entity", "a handover without warehouse or idempotencyKey")
    facts = HandoverFacts(
        warehouse=warehouse,
        key=key,
        outcome="accepted",
        lines=lines(body),
        tracking_number=text(body, "trackingNumber"),
        shipping_provider=text(body, "shippingProvider"),
    )
    return Fact(
        what="handover",
        entity_id=handover_id(warehouse, key),
        order_id=text(body, "orderId"),
        facts=facts,
        # A key used again has the same event id, whatever is told with it.
        variant=text(body, "bodyHash") or "",
    )


def _snapshot(record: EventRecord, body: Mapping[str, Any]) -> Fact:
    """An order as a List API gave it, bare or under `order`; a plan's order names its plan.

    Or an order's fulfillments, which are an entity of their own.
    """
    fulfilled_id = text(body, "orderId") if "fulfillments" in body else None
    if fulfilled_id is not None:
        facts = fulfillments_facts(body)
        return Fact(what="snapshot", entity_id=fulfilled_id, order_id=fulfilled_id, facts=facts)
    nested = at(body, "order")
    order = nested if isinstance(nested, Mapping) else body
    read = _plan_order if "planId" in order else _ecom_order
    return read(record, body, order, what="snapshot")


def _order_id(order: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    order_id = text(order, "id") or text(body, "entityId")
    if order_id is None:
        raise Unreadable("no_entity", "neither the order nor the event names the order's id")
    return order_id


def handover_id(warehouse: str, key: str) -> str:
    """The entity id of a handover: a key is unique within its warehouse."""
    return f"{warehouse}:{key}"


def _is_anonymized(body: Mapping[str, Any]) -> bool:
    return bool(flag(body, "triggeredByAnonymizeRequest"))


_Reader = Callable[[EventRecord, Mapping[str, Any], catalogue.Webhook], Fact]
_READERS: dict[str, _Reader] = {
    "subscription": _subscription,
    "store_order": _store_order,
    "fulfillments": _fulfillments,
    "payment": _payment,
    "installation": _installation,
    "audience": _audience,
}
