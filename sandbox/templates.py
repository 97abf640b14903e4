"""One example of every webhook that Wix documents and we know, made up afresh each time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from sandbox.stories.cast import Site, customer, sites
from sandbox.stories.envelope import FULFILLMENTS, PLAN_ORDER, STORE_ORDER, Json, guid, iso
from sandbox.stories.plan_life import PlanLife
from sandbox.stories.store_life import StoreLife
from sandbox.stories.story import Script, Webhook

HOUR = timedelta(hours=1)

PLAN_SLUGS = (
    *("created", "updated", "purchased", "started", "cycle_started", "auto_renew_canceled", "canceled"),
    *("ended", "paused", "resumed", "marked_as_paid", "end_date_postponed", "start_date_changed"),
)
STORE_SLUGS = ("created", "approved", "updated", "canceled", "payment_status_updated", "fulfilled")
PAYMENTS = ("payment_approved", "payment_created", "payment_declined", "refund_approved", "payment_refunded")
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
    "conversations_merged": (
        "wix.crm.inbox.v2.conversation_conversations_merged",
        lambda rng, now: _merge(rng, now),
    ),
}
NAMES = (
    *(f"plan_order_{slug}" for slug in PLAN_SLUGS),
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
        return _plan_order(name.removeprefix("plan_order_"), site, rng, now)
    if name in PAYMENTS:
        return _payment(name, site, rng, now)
    return _store_order(name, site, rng, now)


def _plan_order(slug: str, site: Site, rng: Random, now: datetime) -> Webhook:
    script = Script(slug, "", site.instance_id)
    life = PlanLife(script, rng, site, customer(rng, site), site.plans["monthly"], now=now)
    life.create(now - HOUR)
    if slug not in ("created", "start_date_changed"):
        life.pay(now)
    match slug:
        case "paused" | "resumed":
            life.pause(now)
            life.resume(now)
        case "auto_renew_canceled":
            life.cancel_at_period_end("MEMBER_ACTION", now)
        case "canceled" | "ended":
            life.cancel_now("MEMBER_ACTION", now)
        case "start_date_changed" | "marked_as_paid" | "end_date_postponed":
            life.send(slug, now)
    return _last(script, f"{PLAN_ORDER}_{slug}")


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
    if slug == "fulfillments_updated":
        return _last(script, f"{FULFILLMENTS}_updated")
    return _last(script, f"{STORE_ORDER}_{slug}")


def _payment(name: str, site: Site, rng: Random, now: datetime) -> Webhook:
    script = Script(name, "", site.instance_id)
    buyer = customer(rng, site)
    cashier = PlanLife(script, rng, site, buyer, site.plans["monthly"], now=now).cashier
    if name == "payment_approved":
        cashier.approve(now)
    elif name == "payment_created":
        cashier.create_approved(now)
    elif name == "payment_declined":
        cashier.decline(now)
    else:
        cashier.refund(cashier.new_transaction(now - HOUR), now)
    webhooks = script.told().webhooks
    return webhooks[0] if name == "refund_approved" else webhooks[-1]


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
