"""One example of every webhook that Wix documents and we know, made up afresh each time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from sandbox import plan_templates
from sandbox.stories.cast import Site, customer, sites
from sandbox.stories.envelope import FULFILLMENTS, STORE_ORDER, Json, guid, iso
from sandbox.stories.plan_life import PlanLife
from sandbox.stories.store_life import StoreLife
from sandbox.stories.story import Script, Webhook

HOUR = timedelta(hours=1)

# Wix sends the last three in place of the others: for draft orders, and for orders from another system.
STORE_SLUGS = (
    *("created", "approved", "updated", "canceled", "payment_status_updated", "fulfilled"),
    *("committed", "imported", "imported_order_deleted"),
)
PAYMENTS = (
    *("payment_approved", "payment_created", "payment_declined", "payment_updated", "refund_approved"),
    *("payment_refunded", "recurring_payment_canceled"),
)
OTHERS: dict[str, tuple[str, Callable[[Random, datetime], Json]]] = {
    "app_installed": ("AppInstalled", lambda rng, now: {"appId": guid(rng), "originInstanceId": guid(rng)}),
    "app_removed": ("AppRemoved", lambda rng, now: {"appId": guid(rng)}),
    "email_subscription_changed": (
        "EmailSubscriptionChanged",
        lambda rng, now: {
            "subscription": {
                "email": "robin@example.com",
                "subscriptionStatus": "UNSUBSCRIBED",
                "deliverabilityStatus": "VALID",
            }
        },
    ),
    "message_sent_to_participant": (
        "wix.crm.inbox.v2.message_message_sent_to_participant",
        lambda rng, now: _message(rng, now, "BUSINESS_TO_PARTICIPANT"),
    ),
    "message_sent_to_business": (
        "wix.crm.inbox.v2.message_message_sent_to_business",
        lambda rng, now: _message(rng, now, "PARTICIPANT_TO_BUSINESS"),
    ),
    "message_button_interacted": (
        "wix.crm.inbox.v2.message_button_interacted",
        lambda rng, now: _pressed(rng, now),
    ),
    "conversations_merged": (
        "wix.crm.inbox.v2.conversation_conversations_merged",
        lambda rng, now: _merge(rng, now),
    ),
}
# Events that stories have no use for: made of a payment's change of status.
_REWORKED: dict[str, tuple[str, str, Callable[[Json], Json]]] = {
    "payment_updated": (
        "TRANSACTION_UPDATED",
        "transactionUpdatedEvent",
        lambda told: {
            "order": told["order"],
            "transaction": told["transaction"],
            "triggeredByAnonymizeRequest": False,
        },
    ),
    "recurring_payment_canceled": (
        "RECURRING_PAYMENT_STATUS_CHANGED",
        "recurringPaymentStatusChangedEvent",
        lambda told: {
            "order": told["order"],
            "status": "CANCELLED",
            "previousStatus": "ACTIVE",
            "cancellationDetails": {"initiator": "BUYER", "paidRegularCycleCount": 1},
        },
    ),
}
NAMES = (
    *(f"plan_order_{slug}" for slug in plan_templates.SLUGS),
    *(f"store_order_{slug}" for slug in STORE_SLUGS),
    "fulfillments_updated",
    *PAYMENTS,
    *OTHERS,
)


def template(name: str, rng: Random, now: datetime) -> Webhook:
    """A webhook of one of `NAMES`, with ids of its own, as it would happen now."""
    site = sites(rng)[0]
    if name in OTHERS:
        event_type, body = OTHERS[name]
        return Webhook(instance_id=site.instance_id, event_type=event_type, body=body(rng, now))
    if name.startswith("plan_order_"):
        return plan_templates.plan_order(name.removeprefix("plan_order_"), site, rng, now)
    if name in PAYMENTS:
        return _payment(name, site, rng, now)
    return _store_order(name, site, rng, now)


def _store_order(name: str, site: Site, rng: Random, now: datetime) -> Webhook:
    slug = name.removeprefix("store_order_")
    script = Script(slug, "", site.instance_id)
    basket = ((site.products[0], 1), (site.products[2], 2))
    life = StoreLife(script, rng, site, customer(rng, site), basket, now=now)
    life.place(now - HOUR)
    life.approve(now)
    if slug == "canceled":
        life.cancel(now)
    elif slug in ("fulfilled", "fulfillments_updated"):
        life.shipped("JD0123456789", now)
    elif slug != "approved":
        life.pay(now)
    if slug in ("committed", "imported", "imported_order_deleted"):
        return _of_order(slug, life, rng, now)
    if slug == "fulfillments_updated":
        return _last(script, f"{FULFILLMENTS}_updated")
    return _last(script, f"{STORE_ORDER}_{slug}")


def _payment(name: str, site: Site, rng: Random, now: datetime) -> Webhook:
    script = Script(name, "", site.instance_id)
    buyer = customer(rng, site)
    cashier = PlanLife(script, rng, site, buyer, site.plans["monthly"], now=now).cashier
    if name in ("payment_approved", "payment_updated", "recurring_payment_canceled"):
        cashier.approve(now, cycle=1)
    elif name == "payment_created":
        cashier.create_approved(now)
    elif name == "payment_declined":
        cashier.decline(now)
    else:
        cashier.refund(cashier.new_transaction(now - HOUR), now)
    webhooks = script.told().webhooks
    if name in _REWORKED:
        return _reworked(webhooks[-1], *_REWORKED[name])
    return webhooks[0] if name == "refund_approved" else webhooks[-1]


def _reworked(payment: Webhook, kind: str, carrier: str, content: Callable[[Json], Json]) -> Webhook:
    """The same payment, told in another of the cashier's events."""
    body = dict(payment.body)
    told = body.pop("transactionStatusChangedEvent")
    body = {**body, "eventType": kind, carrier: content(told)}
    return Webhook(instance_id=payment.instance_id, event_type=payment.event_type, body=body)


def _of_order(slug: str, life: StoreLife, rng: Random, now: datetime) -> Webhook:
    body = _action(rng, now, STORE_ORDER, slug, life.id, {"order": life.order})
    return Webhook(instance_id=life.site.instance_id, event_type=f"{STORE_ORDER}_{slug}", body=body)


def _last(script: Script, event_type: str) -> Webhook:
    return [webhook for webhook in script.told().webhooks if webhook.event_type == event_type][-1]


def _message(rng: Random, now: datetime, direction: str) -> Json:
    number = str(int(now.timestamp() * 1_000_000))
    message = {
        "id": number,
        "sequence": number,
        "direction": direction,
        "visibility": "BUSINESS_AND_PARTICIPANT",
        "content": {"previewText": "Hello", "basic": {"items": [{"text": "Hello"}]}},
        "createdDate": iso(now),
    }
    body = {"conversationId": guid(rng), "message": message}
    slug = "message_sent_to_" + ("participant" if direction.endswith("PARTICIPANT") else "business")
    return _action(rng, now, "wix.crm.inbox.v2.message", slug, number, body)


def _pressed(rng: Random, now: datetime) -> Json:
    number = str(int(now.timestamp() * 1_000_000))
    body = {
        "conversationId": guid(rng),
        "messageId": number,
        "interactionId": guid(rng),
        "button": {"label": "Yes"},
    }
    return _action(rng, now, "wix.crm.inbox.v2.message", "button_interacted", number, body)


def _merge(rng: Random, now: datetime) -> Json:
    target = guid(rng)
    body = {"oldConversationIds": [guid(rng)], "targetConversationId": target}
    return _action(rng, now, "wix.crm.inbox.v2.conversation", "conversations_merged", target, body)


def _action(rng: Random, now: datetime, fqdn: str, slug: str, entity_id: str, body: Json) -> Json:
    return {
        "id": guid(rng),
        "entityFqdn": fqdn,
        "slug": slug,
        "entityId": entity_id,
        "eventTime": iso(now),
        "triggeredByAnonymizeRequest": False,
        "actionEvent": {"body": body},
    }
