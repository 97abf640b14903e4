"""Records as they lie on the log, from the recorded payloads or made for one case."""

import copy
import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingest import catalogue
from ingest.record import EventRecord
from ingest.topics import HANDOVERS

PAYLOADS = Path(__file__).parents[1] / "payloads"
SITE = "11111111-1111-4111-8111-111111111111"
AT = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)

# Payloads whose body does not name their type.
TYPES = {
    "app_installed__site": "AppInstalled",
    "app_removed__site": "AppRemoved",
    "email_subscription_changed__unsubscribed": "EmailSubscriptionChanged",
}
EVENTS = sorted(path.stem for path in PAYLOADS.glob("*.json") if "__delivery" not in path.stem)

HANDOVER = {
    "warehouse": "north",
    "idempotencyKey": "box-1",
    "instanceId": SITE,
    "orderId": "55555555-5555-4555-8555-555555555555",
    "lineItems": [{"id": "00000000-0000-0000-0000-000000000001", "quantity": 2}],
    "trackingNumber": "12345",
    "shippingProvider": "fedex",
    "bodyHash": "0f0f",
}


def payload(name: str) -> dict[str, Any]:
    """One recorded payload (tests/payloads/README.md)."""
    read: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return read


def record(body: dict[str, Any], *, event_type: str | None = None, at: datetime = AT) -> EventRecord:
    """The body as a record of the topic where the door puts it."""
    kind = event_type or _event_type(body)
    webhook = catalogue.find(kind, body)
    assert webhook is not None, kind
    return raw_record(body, topic=webhook.topic.name, event_type=kind, at=at)


def raw_record(
    body: dict[str, Any], *, topic: str, event_type: str, at: datetime = AT, event_id: str | None = None
) -> EventRecord:
    """A record of any topic."""
    return EventRecord(
        topic=topic,
        instance_id=SITE,
        event_id=event_id or str(body.get("id") or uuid.uuid4()),
        event_type=event_type,
        event_time=at,
        received_at=at,
        value=json.dumps(body).encode(),
    )


def recorded(name: str) -> EventRecord:
    """A recorded payload as the door puts it on the log."""
    return record(payload(name), event_type=TYPES.get(name))


def a_payment(
    kind: str = "TRANSACTION_STATUS_CHANGED",
    *,
    status: str | None = "APPROVED",
    previous: str | None = "PENDING",
    refund: str | None = None,
    anonymized: bool | None = None,
    transaction_id: str | None = "t-1",
) -> EventRecord:
    """A plan's payment event of any kind; None leaves the field out, as Wix does."""
    body = copy.deepcopy(payload("payment_transaction_status_changed__plan"))
    event = body.pop("transactionStatusChangedEvent")
    event["transaction"] |= {"status": status, "id": transaction_id}
    event["previousStatus"] = previous
    event["refund"] = {"id": "r-1", "status": refund} if refund else None
    event["triggeredByAnonymizeRequest"] = anonymized
    event["transaction"] = {name: value for name, value in event["transaction"].items() if value is not None}
    carrier = catalogue.PAYMENT_CARRIERS[kind]
    body |= {"eventType": kind, carrier: {name: value for name, value in event.items() if value is not None}}
    return record(body)


def a_plan_order_event(slug: str, *, anonymized: bool = False, **order: Any) -> EventRecord:
    """A plan order's event with its order changed."""
    body = copy.deepcopy(payload("plan_order_purchased__lifetime"))
    entity = body.pop("actionEvent")["body"]["order"] | order
    entity = {name: value for name, value in entity.items() if value is not None}
    carrier = {"createdEvent": {"entity": entity}} if slug == "created" else _carried(slug, entity)
    return record(body | carrier | {"slug": slug, "triggeredByAnonymizeRequest": anonymized})


def a_handover(**changed: Any) -> EventRecord:
    """What a warehouse told, as the door wrote it; None leaves a field out."""
    body = {name: value for name, value in (HANDOVER | changed).items() if value is not None}
    return raw_record(body, topic=HANDOVERS.name, event_type="orderline.handover", event_id="h-1")


def _carried(slug: str, entity: dict[str, Any]) -> dict[str, Any]:
    if slug == "updated":
        return {"updatedEvent": {"currentEntity": entity}}
    return {"actionEvent": {"body": {"order": entity}}}


def _event_type(body: dict[str, Any]) -> str:
    if "entityFqdn" in body:
        return f"{body['entityFqdn']}_{body['slug']}"
    return catalogue.PAYMENT_EVENT
