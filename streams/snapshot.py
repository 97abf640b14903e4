"""What Wix's lists say of an order becomes a record of `snapshots`, without what is personal. No I/O.

Only what is named here is kept, so that a field that Wix adds tomorrow stays at Wix until somebody
has judged it. What rows are made of is among it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from analytics.lifecycle import Shipment
from ingest.record import EventRecord, iso
from ingest.topics import SNAPSHOTS
from streams.fields import moment, text

EVENT_TYPE = "orderline.snapshot"

# Namespace of the ids of snapshots; fixed for life: the same state of an order is one event.
NAMESPACE = UUID("0f8f4a54-6f0b-5a0e-9f49-6d5a1f2f9a10")

Json = Mapping[str, Any]
# True keeps a member whole; a table keeps what it names, of each member where it is a list.
Kept = bool | Mapping[str, "Kept"]

_PLAN_FIELDS = (
    "id planId subscriptionId wixPayOrderId type orderMethod status autoRenewCanceled cancellation "
    "lastPaymentStatus startDate endDate earliestEndDate pausePeriods freeTrialDays currentCycle cycles "
    "planName planPrice pricing createdDate updatedDate"
)
_STORE_FIELDS = (
    "id number status paymentStatus fulfillmentStatus createdDate updatedDate currency archived checkoutId "
    "priceSummary"
)
_PLAN_ORDER: Mapping[str, Kept] = {
    **dict.fromkeys(_PLAN_FIELDS.split(), True),
    "buyer": {"memberId": True, "contactId": True},
}
_STORE_ORDER: Mapping[str, Kept] = {
    **dict.fromkeys(_STORE_FIELDS.split(), True),
    "buyerInfo": {"memberId": True, "contactId": True, "visitorId": True},
    "channelInfo": {"type": True},
    "lineItems": {
        **dict.fromkeys(("id", "quantity", "itemType", "price"), True),
        "catalogReference": {"appId": True, "catalogItemId": True},
        "physicalProperties": {"shippable": True, "sku": True},
    },
}


def of_order(site: str, order: Json, *, asked_at: datetime) -> EventRecord:
    """An order as List Orders or Search Orders gave it; its time is when Wix last changed it."""
    is_plan = "planId" in order
    updated_at = moment(order, "updatedDate") or moment(order, "createdDate") or asked_at
    body = {"order": _kept(order, _PLAN_ORDER if is_plan else _STORE_ORDER)}
    name = f"{text(order, 'id')}/{iso(updated_at)}"
    return _record(site, name, body, happened_at=updated_at, asked_at=asked_at)


def of_shipments(
    site: str, order_id: str, shipments: Iterable[Shipment], *, asked_at: datetime
) -> EventRecord:
    """An order's fulfillments as Wix listed them. They carry no date of change: they were so when asked."""
    listed = [_shipment(one) for one in shipments]
    digest = hashlib.sha256(json.dumps(listed, sort_keys=True).encode()).hexdigest()[:16]
    name = f"{order_id}/{iso(asked_at)}/fulfillments/{digest}"
    body = {"orderId": order_id, "fulfillments": listed}
    return _record(site, name, body, happened_at=asked_at, asked_at=asked_at)


def id_of(name: str) -> str:
    """The event id of what has that name: the same each time."""
    return str(uuid5(NAMESPACE, name))


def _record(site: str, name: str, body: Json, *, happened_at: datetime, asked_at: datetime) -> EventRecord:
    return EventRecord(
        topic=SNAPSHOTS.name,
        instance_id=site,
        event_id=id_of(name),
        event_type=EVENT_TYPE,
        event_time=happened_at,
        received_at=asked_at,
        # Fractions were read as Decimal: as text they stay exact, and are read the same.
        value=json.dumps(body, separators=(",", ":"), default=str).encode(),
    )


def _shipment(shipment: Shipment) -> dict[str, Any]:
    """As Wix spells it, so that one reader serves webhooks and snapshots."""
    tracking = {
        "trackingNumber": shipment.tracking_number,
        "shippingProvider": shipment.shipping_provider,
        "trackingLink": shipment.tracking_link,
    }
    known = {name: value for name, value in tracking.items() if value is not None}
    return {
        "id": shipment.id,
        "lineItems": [{"id": line.id, "quantity": line.quantity} for line in shipment.lines],
        **({"createdDate": iso(shipment.created_at)} if shipment.created_at else {}),
        **({"trackingInfo": known} if known else {}),
    }


def _kept(value: Any, kept: Kept) -> Any:
    if kept is True or not isinstance(kept, Mapping):
        return value
    if isinstance(value, list):
        return [_kept(one, kept) for one in value]
    if not isinstance(value, Mapping):
        return None
    return {name: _kept(value[name], inner) for name, inner in kept.items() if name in value}
