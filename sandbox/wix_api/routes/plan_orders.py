"""Pricing Plans orders: Get Order and List Orders."""

from sandbox.wix_api.call import Call, Endpoint
from sandbox.wix_api.plan_orders import OrderRequest, OrdersQuery
from sandbox.wix_api.wire import JsonObject

_READ = "PRICING_PLANS.READ_ORDERS"


def get_order(call: Call) -> JsonObject:
    """One order."""
    return {"order": call.site.plan_orders.get(call.id("id"), call.asked(OrderRequest).field_set)}


def list_orders(call: Call) -> JsonObject:
    """A page of orders, the newest first."""
    return call.site.plan_orders.page(call.asked(OrdersQuery)).answer()


ENDPOINTS = (
    Endpoint(method="GET", path="/pricing-plans/v2/orders", permission=_READ, handler=list_orders),
    Endpoint(method="GET", path="/pricing-plans/v2/orders/{id}", permission=_READ, handler=get_order),
)
