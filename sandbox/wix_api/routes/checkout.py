"""Pricing Plans checkout: previews of orders and prices, and orders."""

import uuid

from sandbox.wix_api.call import ANYBODY, APP_ONLY, Call, Endpoint
from sandbox.wix_api.checkout import (
    Checkout,
    Chosen,
    OfflinePreviewRequest,
    OfflineRequest,
    OnlinePreviewRequest,
    OnlineRequest,
    buyer,
)
from sandbox.wix_api.plans.birth import Ids, Purchase, born
from sandbox.wix_api.refusal import refused
from sandbox.wix_api.wire import JsonObject

_NO_ID = "00000000-0000-0000-0000-000000000000"


def create_offline(call: Call) -> JsonObject:
    """The owner orders a plan for a member: the purchase limit doesn't matter."""
    asked = call.read(OfflineRequest)
    purchase = _checkout(call).offline(asked, is_paid=asked.paid, submission=asked.submission_id)
    made = _made(call, purchase)
    if asked.paid and call.world.rules.paid_settles_later and made["lastPaymentStatus"] == "PAID":
        return {"order": {**made, "lastPaymentStatus": "UNPAID"}}
    return {"order": made}


def create_online(call: Call) -> JsonObject:
    """A member orders a plan; it stays a draft until it is paid."""
    asked = call.read(OnlineRequest)
    checkout = _checkout(call)
    purchase = checkout.online(asked, buyer(call.caller, asked.on_behalf), asked.on_behalf)
    if checkout.limit_exceeded(purchase):
        raise refused(428, "purchases_limit_reached", "The buyer had this plan as often as it may be bought")
    return {"order": _made(call, purchase)}


def preview_offline(call: Call) -> JsonObject:
    """The order that would be made; a purchase limit is told and doesn't matter."""
    asked = call.read(OfflinePreviewRequest)
    return _preview(call, _checkout(call).offline(asked, is_paid=True, submission=None))


def preview_online(call: Call) -> JsonObject:
    """The order that the calling member would make."""
    asked = call.read(OnlinePreviewRequest)
    return _preview(call, _checkout(call).online(asked, call.caller.id, None))


def preview_price(call: Call) -> JsonObject:
    """What a plan costs anybody."""
    asked = call.read(Chosen)
    checkout = _checkout(call)
    return {"prices": checkout.prices(checkout.plan(asked), asked, member_id=None)}


def _checkout(call: Call) -> Checkout:
    return Checkout(site=call.site, now=call.now)


def _made(call: Call, purchase: Purchase) -> JsonObject:
    name = f"{call.site.instance_id}:{call.world.clock.sequence()}"
    order, subscription, pay = (
        str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}:{name}")) for kind in ("order", "subscription", "pay")
    )
    change = born(purchase, Ids(order=order, subscription=subscription, pay=pay), now=call.now)
    call.happen(change)
    return change.order.shown


def _preview(call: Call, purchase: Purchase) -> JsonObject:
    change = born(purchase, Ids(order=_NO_ID, subscription=_NO_ID, pay=_NO_ID), now=call.now)
    order = change.order.with_shown("wixPayOrderId").shown
    return {"order": order, "purchaseLimitExceeded": _checkout(call).limit_exceeded(purchase)}


_CHECKOUT = "/pricing-plans/v2/checkout/orders"

ENDPOINTS = (
    Endpoint(
        method="POST",
        path=f"{_CHECKOUT}/offline",
        permission="PRICING_PLANS.REGISTER_OFFLINE_ORDERS",
        handler=create_offline,
    ),
    Endpoint(
        method="POST",
        path=f"{_CHECKOUT}/online",
        permission="PRICING_PLANS.PURCHASE_PLANS",
        handler=create_online,
        callers=ANYBODY,
    ),
    Endpoint(
        method="POST",
        path=f"{_CHECKOUT}/preview-offline",
        permission="PRICING_PLANS.REGISTER_OFFLINE_ORDERS",
        handler=preview_offline,
    ),
    Endpoint(
        method="POST",
        path=f"{_CHECKOUT}/preview-online",
        permission="PRICING_PLANS.PURCHASE_PLANS",
        handler=preview_online,
        callers=ANYBODY - APP_ONLY - {"VISITOR"},
    ),
    Endpoint(
        method="POST",
        path=f"{_CHECKOUT}/price-preview",
        permission="PRICING_PLANS.READ_PUBLIC_PLANS",
        handler=preview_price,
        callers=ANYBODY,
    ),
)
