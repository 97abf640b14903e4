"""Changes of plan orders become events: those of the order, and those of the cashier. No I/O."""

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime

from sandbox.wix_api.clock import instant
from sandbox.wix_api.events import PLAN_ORDER, Event, Happening
from sandbox.wix_api.plans.change import Change
from sandbox.wix_api.plans.order import PlanOrder
from sandbox.wix_api.plans.price import total_of_cycle
from sandbox.wix_api.wire import JsonObject

PRICING_PLANS_APP_ID = "1522827f-c56c-a5c9-2ac9-00f9e6ae12d3"

# Not in Wix's documents; two public consumers of its webhooks agree on it.
PAYMENT_EVENT = "com.wix.payment.api.pay.v3.PaymentEvent"


def told(
    change: Change, *, instance_id: str, identity: JsonObject | None, sequence: Callable[[], int]
) -> Iterator[Event]:
    """The events of a change, each with a sequence of its own; a payment comes before what it caused."""
    yield from _payments(change, instance_id)
    for slug in change.told:
        what = Happening(
            instance_id=instance_id, at=instant(change.at), sequence=sequence(), identity=identity
        )
        yield _event(what, slug, change.order)


def _event(what: Happening, slug: str, order: PlanOrder) -> Event:
    if slug == "created":
        return what.created(PLAN_ORDER, order.id, order.shown)
    if slug == "updated":
        return what.updated(PLAN_ORDER, order.id, order.shown)
    number = {"cycleNumber": order.cycle_index} if slug == "cycle_started" else {}
    return what.action(PLAN_ORDER, slug, order.id, {"order": order.shown, **number})


def _payments(change: Change, instance_id: str) -> Iterator[Event]:
    if change.charged is not None:
        yield _payment(change.order, change.charged, "APPROVED", instance_id, change.at)
    if change.declined is not None:
        yield _payment(change.order, change.declined, "DECLINED", instance_id, change.at)


def _payment(order: PlanOrder, cycle: int, status: str, instance_id: str, at: datetime) -> Event:
    ident = uuid.uuid5(uuid.NAMESPACE_URL, f"payment:{order.id}:{cycle}:{status}:{instant(at)}")
    body = {
        "id": str(ident),
        "eventTime": instant(at),
        "eventType": "TRANSACTION_STATUS_CHANGED",
        "wixAppId": PRICING_PLANS_APP_ID,
        "wixAppInstanceId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"pricing-plans:{instance_id}")),
        "managingWixAppId": PRICING_PLANS_APP_ID,
        "transactionStatusChangedEvent": {
            "order": _order(order, cycle),
            "transaction": _transaction(order, cycle, status, ident, at),
            "previousStatus": "PENDING",
        },
    }
    return Event(event_type=PAYMENT_EVENT, instance_id=instance_id, body=body)


def _order(order: PlanOrder, cycle: int) -> JsonObject:
    price = _amount(order, cycle)["amount"]
    return {
        "id": order.shown.get("wixPayOrderId"),
        "wixAppOrderId": order.id,
        "wixAppBuyerId": order.shown["buyer"]["memberId"],
        "items": [
            {
                "id": order.shown["planId"],
                "name": order.shown.get("planName", ""),
                "quantity": 1,
                "price": price,
            }
        ],
        "itemsTotalCount": 1,
        "additionalCharges": {},
        "createdAt": order.shown["createdDate"],
    }


def _transaction(order: PlanOrder, cycle: int, status: str, ident: uuid.UUID, at: datetime) -> JsonObject:
    cycles = {"recurringPaymentDetails": {"cycleNumber": cycle}} if order.is_recurring else {}
    return {
        "id": str(uuid.uuid5(ident, "transaction")),
        "providerTransactionId": str(uuid.uuid5(ident, "provider")),
        "amount": _amount(order, cycle),
        "status": status,
        **({"reasonCode": 3012} if status == "DECLINED" else {}),
        "paymentMethod": "creditCard",
        "paymentProvider": "com.wix.wixpay.us",
        **cycles,
        "createdAt": instant(at),
    }


def _amount(order: PlanOrder, cycle: int) -> JsonObject:
    currency = order.shown["pricing"]["prices"][0]["price"]["currency"]
    # The cashier writes money as numbers, unlike everything else here.
    return {"amount": float(total_of_cycle(order.shown, cycle)), "currency": currency}
