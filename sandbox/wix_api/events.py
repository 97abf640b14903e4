"""Changes at Wix become the events that Wix tells its apps: the standard envelope. No I/O."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.wix_api.wire import JsonObject

PLAN_ORDER = "wix.pricing_plans.v2.order"
ORDER = "wix.ecom.v1.order"
FULFILLMENTS = "wix.ecom.v1.fulfillments"
# An older event without an envelope; Wix documents its content and not its name.
SUBSCRIPTION_CHANGED = "EmailSubscriptionChanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event to tell: its type, whose site it happened on, the innermost JSON, and who did it."""

    event_type: str
    instance_id: str
    body: JsonObject
    identity: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What all events of one change have in common. `sequence` is higher for later changes."""

    instance_id: str
    at: str
    sequence: int
    identity: JsonObject | None = None

    def created(self, fqdn: str, entity_id: str, entity: Mapping[str, Any]) -> Event:
        """An entity came to be."""
        return self._event(fqdn, "created", entity_id, {"createdEvent": {"entity": dict(entity)}})

    def updated(self, fqdn: str, entity_id: str, entity: Mapping[str, Any]) -> Event:
        """An entity changed: the whole entity as it is now."""
        return self._event(fqdn, "updated", entity_id, {"updatedEvent": {"currentEntity": dict(entity)}})

    def action(self, fqdn: str, slug: str, entity_id: str, body: Mapping[str, Any]) -> Event:
        """Something happened to an entity."""
        return self._event(fqdn, slug, entity_id, {"actionEvent": {"body": dict(body)}})

    def _event(self, fqdn: str, slug: str, entity_id: str, carrier: JsonObject) -> Event:
        name = f"{self.instance_id}:{fqdn}:{slug}:{entity_id}:{self.sequence}"
        body = {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
            "entityFqdn": fqdn,
            "slug": slug,
            "entityId": entity_id,
            **carrier,
            "eventTime": self.at,
            "triggeredByAnonymizeRequest": False,
            "entityEventSequence": str(self.sequence),
        }
        return Event(
            event_type=f"{fqdn}_{slug}", instance_id=self.instance_id, body=body, identity=self.identity
        )


def fulfillments_changed(
    what: Happening, *, order: JsonObject, before: str, order_with_fulfillments: JsonObject
) -> list[Event]:
    """What Wix tells when goods were shipped, or weren't after all: the fulfillments and the order.

    The order is told to be fulfilled once nothing of it is left.
    """
    told = [
        what.updated(FULFILLMENTS, order["id"], order_with_fulfillments),
        what.updated(ORDER, order["id"], order),
    ]
    return told + order_fulfilled(what, order=order, before=before)


def order_fulfilled(what: Happening, *, order: JsonObject, before: str) -> list[Event]:
    """That an order is fulfilled, if it was not before."""
    after = order["fulfillmentStatus"]
    if after != "FULFILLED" or after == before:
        return []
    change = {"order": order, "previousFulfillmentStatus": before, "newFulfillmentStatus": after}
    return [what.action(ORDER, "fulfilled", order["id"], {**change, "action": "markAsFulfilled"})]


def order_placed(what: Happening, order: JsonObject) -> list[Event]:
    """What Wix tells of a new order: it was made, it is approved, and whether it is paid."""
    told = [what.created(ORDER, order["id"], order)]
    if order.get("status") == "APPROVED":
        told.append(what.action(ORDER, "approved", order["id"], {"order": order}))
    if order.get("paymentStatus") == "PAID":
        paid = {"order": order, "previousPaymentStatus": "NOT_PAID"}
        told.append(what.action(ORDER, "payment_status_updated", order["id"], paid))
    return told


def subscription_changed(
    instance_id: str, subscription: JsonObject, identity: JsonObject | None = None
) -> Event:
    """That an address wants mail, or wants none, or can't be reached."""
    body = {"subscription": dict(subscription)}
    return Event(event_type=SUBSCRIPTION_CHANGED, instance_id=instance_id, body=body, identity=identity)
