"""Every webhook of Wix that we know: type string → topic, carrier, entity, slug, sequence. No I/O.

Domain events are known by their type (`wix.<fqdn>_<slug>`). The two legacy ones are also known
by their shape, because Wix does not document the type string they come with.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ingest.topics import AUDIENCE, FULFILLMENTS, INSTALLATIONS, PAYMENTS, PLAN_ORDERS, STORE_ORDERS, Topic

# Ids of Wix's own apps: they stand in `wixAppId` of payments and in `catalogReference.appId` of lines.
PRICING_PLANS_APP_ID = "1522827f-c56c-a5c9-2ac9-00f9e6ae12d3"
ECOMMERCE_APP_ID = "1380b703-ce81-ff05-f115-39571d94dfcd"
STORES_APP_ID = "215238eb-22a5-4c36-9e7b-e7c08025e04e"
BOOKINGS_APP_ID = "13d21c63-b5ec-5912-8397-c3a5ddb27a97"
EVENTS_APP_ID = "140603ad-af8d-84a5-2c80-a0f60cb47351"
INBOX_APP_ID = "141fbfae-511e-6817-c9f0-48993a7547d1"
SUBSCRIPTIONS_APP_ID = "8725b255-2aa2-4a53-b76d-7d3c363aaeea"
GIFT_CARDS_APP_ID = "d80111c5-a0f4-47a8-b63a-65b54d774a27"

PAYMENT_EVENT = "com.wix.payment.api.pay.v3.PaymentEvent"
APP_INSTALLED = "AppInstalled"
APP_REMOVED = "AppRemoved"
EMAIL_SUBSCRIPTION_CHANGED = "EmailSubscriptionChanged"
PLAN_ORDER = "wix.pricing_plans.v2.order"
STORE_ORDER = "wix.ecom.v1.order"
ORDER_FULFILLMENTS = "wix.ecom.v1.fulfillments"
INBOX_MESSAGE = "wix.crm.inbox.v2.message"
INBOX_CONVERSATION = "wix.crm.inbox.v2.conversation"

Entity = Literal["subscription", "store_order", "fulfillments", "payment", "installation", "audience"]

# What a payment event says happened, and the member of the body that carries it.
PAYMENT_CARRIERS = {
    "TRANSACTION_STATUS_CHANGED": "transactionStatusChangedEvent",
    "REFUND_STATUS_CHANGED": "refundStatusChangedEvent",
    "RECURRING_PAYMENT_STATUS_CHANGED": "recurringPaymentStatusChangedEvent",
    "TRANSACTION_UPDATED": "transactionUpdatedEvent",
    "TRANSACTION_CREATED": "transactionCreatedEvent",
}
UNDEFINED_PAYMENT = "UNDEFINED"

# Where the envelope of a domain event carries the entity, as a path from the innermost JSON.
CREATED = "createdEvent.entity"
UPDATED = "updatedEvent.currentEntity"
ACTION = "actionEvent.body"
ORDER_ACTION = "actionEvent.body.order"
# A legacy event has no envelope: it is the entity itself.
BARE = ""
SEQUENCE = "entityEventSequence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One kind of webhook. `slug` is lower-case: what happened to the entity.

    `carrier` is the path to the entity in the innermost JSON, `sequence` the member of it that
    numbers the entity's events, or None: legacy events have neither envelope nor sequence.
    """

    event_type: str
    topic: Topic
    entity: Entity
    slug: str
    carrier: str
    sequence: str | None = None


_PLAN_ORDER_CARRIERS = {
    "created": CREATED,
    "updated": UPDATED,
    "purchased": ORDER_ACTION,
    "started": ORDER_ACTION,
    "cycle_started": ORDER_ACTION,
    "auto_renew_canceled": ORDER_ACTION,
    "canceled": ORDER_ACTION,
    "ended": ORDER_ACTION,
    "paused": ORDER_ACTION,
    "resumed": ORDER_ACTION,
    "marked_as_paid": ORDER_ACTION,
    "end_date_postponed": ORDER_ACTION,
    "start_date_changed": ORDER_ACTION,
}
_STORE_ORDER_CARRIERS = {
    "created": CREATED,
    "approved": ORDER_ACTION,
    "updated": UPDATED,
    "canceled": ORDER_ACTION,
    "payment_status_updated": ORDER_ACTION,
    "fulfilled": ORDER_ACTION,
    "committed": ORDER_ACTION,
    "imported": ORDER_ACTION,
    "imported_order_deleted": ORDER_ACTION,
}
_MESSAGE_CARRIERS = {
    "message_sent_to_participant": ACTION,
    "message_sent_to_business": ACTION,
    "button_interacted": ACTION,
}
_EMAIL_TYPES = (EMAIL_SUBSCRIPTION_CHANGED, "email-marketing.email-subscriptions.changed")


def find(event_type: str, body: Mapping[str, Any]) -> Webhook | None:
    """The catalogue's entry for an event, or None: then it goes to the topic `unrecognized`."""
    if event_type == PAYMENT_EVENT or _is_payment(body):
        return _payment(event_type, body)
    if event_type not in WEBHOOKS and _is_email_subscription(body):
        return _email(event_type)
    return WEBHOOKS.get(event_type)


def entity_of(webhook: Webhook, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the event is about, as Wix sent it; `{}` if the carrier is absent.

    For payments it is the whole `<xxx>Event` object with `order`, `transaction` and so on; for
    installations and legacy events the body itself. JSON in a string is accepted for an object,
    and an envelope with another carrier than the documented one is read all the same.
    """
    found = _followed(body, webhook.carrier) if webhook.carrier else None
    if found is not None:
        return found
    match webhook.entity:
        case "payment":
            return {}
        case "installation":
            return body
        case _:
            return _carried(body) if "entityFqdn" in body or _has_carrier(body) else body


def sequence_of(body: Mapping[str, Any]) -> int | None:
    """Wix's `entityEventSequence`: the higher one is the later state of the same entity."""
    value = body.get(SEQUENCE)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return int(value)
    except ValueError:
        return None


def _is_payment(body: Mapping[str, Any]) -> bool:
    return "wixAppId" in body and "entityFqdn" not in body and _payment_kind(body) is not None


def _payment_kind(body: Mapping[str, Any]) -> str | None:
    """One of Wix's six words, or None for any other."""
    kind = body.get("eventType")
    is_known = isinstance(kind, str) and (kind in PAYMENT_CARRIERS or kind == UNDEFINED_PAYMENT)
    return str(kind) if is_known else None


def _is_email_subscription(body: Mapping[str, Any]) -> bool:
    subscription = body.get("subscription")
    return (
        "entityFqdn" not in body
        and isinstance(subscription, Mapping)
        and "subscriptionStatus" in subscription
    )


def _payment(event_type: str, body: Mapping[str, Any]) -> Webhook:
    kind = _payment_kind(body) or UNDEFINED_PAYMENT
    carrier = PAYMENT_CARRIERS.get(kind, BARE)
    return Webhook(
        event_type=event_type, topic=PAYMENTS, entity="payment", slug=kind.lower(), carrier=carrier
    )


def _email(event_type: str) -> Webhook:
    return Webhook(
        event_type=event_type,
        topic=AUDIENCE,
        entity="audience",
        slug="email_subscription_changed",
        carrier=BARE,
    )


def _installation(event_type: str, slug: str) -> Webhook:
    return Webhook(event_type=event_type, topic=INSTALLATIONS, entity="installation", slug=slug, carrier=BARE)


def _followed(body: Mapping[str, Any], carrier: str) -> Mapping[str, Any] | None:
    """The object at the end of the path; None if the path isn't there."""
    found: object = body
    for name in carrier.split("."):
        outer = _object(found)
        if name not in outer and f"{name}AsJson" not in outer:
            return None
        found = outer.get(name, outer.get(f"{name}AsJson"))
    return _object(found)


def _has_carrier(body: Mapping[str, Any]) -> bool:
    return any(name in body for name in ("createdEvent", "updatedEvent", "deletedEvent", "actionEvent"))


def _carried(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The entity in a domain event's envelope: exactly one carrier is there."""
    if "createdEvent" in body:
        return _member(body["createdEvent"], "entity")
    if "updatedEvent" in body:
        return _member(body["updatedEvent"], "currentEntity")
    if "deletedEvent" in body:
        return _member(body["deletedEvent"], "deletedEntity")
    action = _member(body.get("actionEvent"), "body")
    # Order events wrap the order; others (conversations merged) are the body itself.
    return _object(action["order"]) if "order" in action else action


def _member(carrier: object, name: str) -> Mapping[str, Any]:
    """`name`, or the spelling `nameAsJson` that some of Wix's type files give."""
    outer = _object(carrier)
    return _object(outer.get(name, outer.get(f"{name}AsJson")))


def _object(value: object) -> Mapping[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, Mapping) else {}


def _domain_events(
    fqdn: str, carriers: Mapping[str, str], topic: Topic, entity: Entity
) -> dict[str, Webhook]:
    return {
        f"{fqdn}_{slug}": Webhook(
            event_type=f"{fqdn}_{slug}",
            topic=topic,
            entity=entity,
            slug=slug,
            carrier=carrier,
            sequence=SEQUENCE,
        )
        for slug, carrier in carriers.items()
    }


# `find` answers payments and e-mail subscriptions by shape as well; the rest is this table.
WEBHOOKS: Mapping[str, Webhook] = {
    **_domain_events(PLAN_ORDER, _PLAN_ORDER_CARRIERS, PLAN_ORDERS, "subscription"),
    **_domain_events(STORE_ORDER, _STORE_ORDER_CARRIERS, STORE_ORDERS, "store_order"),
    f"{ORDER_FULFILLMENTS}_updated": Webhook(
        event_type=f"{ORDER_FULFILLMENTS}_updated",
        topic=FULFILLMENTS,
        entity="fulfillments",
        # Its own name, for rows of all topics lie side by side in the ledger.
        slug="fulfillments_updated",
        carrier=UPDATED,
        sequence=SEQUENCE,
    ),
    **_domain_events(INBOX_MESSAGE, _MESSAGE_CARRIERS, AUDIENCE, "audience"),
    **_domain_events(INBOX_CONVERSATION, {"conversations_merged": ACTION}, AUDIENCE, "audience"),
    APP_INSTALLED: _installation(APP_INSTALLED, "installed"),
    APP_REMOVED: _installation(APP_REMOVED, "removed"),
    **{name: _email(name) for name in _EMAIL_TYPES},
}
