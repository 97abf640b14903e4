"""What Wix puts around an order or a payment: event envelopes, ids and times, as documented."""

import calendar
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

Json = dict[str, Any]

PLAN_ORDER = "wix.pricing_plans.v2.order"
STORE_ORDER = "wix.ecom.v1.order"
FULFILLMENTS = "wix.ecom.v1.fulfillments"
PAYMENT_EVENT = "com.wix.payment.api.pay.v3.PaymentEvent"

PRICING_PLANS_APP_ID = "1522827f-c56c-a5c9-2ac9-00f9e6ae12d3"
ECOMMERCE_APP_ID = "1380b703-ce81-ff05-f115-39571d94dfcd"
STORES_APP_ID = "215238eb-22a5-4c36-9e7b-e7c08025e04e"

# Which part of the envelope carries the entity; actions carry it as `actionEvent.body.order`.
_CARRIERS = {"created": ("createdEvent", "entity"), "updated": ("updatedEvent", "currentEntity")}


def guid(rng: Random) -> str:
    """A GUID of the generator's: the same seed gives the same ids."""
    return str(UUID(int=rng.getrandbits(128), version=4))


def iso(moment: datetime) -> str:
    """A time as Wix writes it: UTC, milliseconds, Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def domain_event(
    event_id: str,
    fqdn: str,
    slug: str,
    entity_id: str,
    entity: Mapping[str, Any],
    *,
    at: datetime,
    sequence: int | None = None,
    beside: Mapping[str, Any] | None = None,
) -> Json:
    """A domain event; `beside` is what an action's body holds beside the order."""
    event: Json = {
        "id": event_id,
        "entityFqdn": fqdn,
        "slug": slug,
        "entityId": entity_id,
        "eventTime": iso(at),
        "triggeredByAnonymizeRequest": False,
    }
    if sequence is not None:
        event["entityEventSequence"] = str(sequence)
    if slug in _CARRIERS:
        carrier, field = _CARRIERS[slug]
        event[carrier] = {field: deepcopy(dict(entity))}
    else:
        event["actionEvent"] = {"body": {"order": deepcopy(dict(entity)), **(beside or {})}}
    return event


def payment_event(
    event_id: str, kind: str, carrier: str, content: Mapping[str, Any], *, app_id: str, at: datetime
) -> Json:
    """A cashier event: the older shape, without an envelope."""
    return {
        "id": event_id,
        "eventTime": iso(at),
        "eventType": kind,
        "wixAppId": app_id,
        "managingWixAppId": app_id,
        carrier: deepcopy(dict(content)),
    }


def later(moment: datetime, count: int, unit: str) -> datetime:
    """`count` DAY, WEEK, MONTH or YEAR later; months keep the day, or take the month's last."""
    if unit in ("DAY", "WEEK"):
        return moment + timedelta(days=count * (7 if unit == "WEEK" else 1))
    months = moment.month - 1 + count * (12 if unit == "YEAR" else 1)
    year, month = moment.year + months // 12, months % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))
