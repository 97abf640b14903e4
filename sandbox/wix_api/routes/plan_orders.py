"""Pricing Plans orders: as the owner's app manages them, and as members see their own."""

from datetime import timedelta

from sandbox.wix_api.call import ANYBODY, APP_ONLY, Call, Endpoint
from sandbox.wix_api.plan_orders import MemberOrdersQuery, OrderRequest, OrdersQuery, shown
from sandbox.wix_api.plans import change
from sandbox.wix_api.plans.change import Effective
from sandbox.wix_api.plans.order import PlanOrder
from sandbox.wix_api.plans.term import Moment
from sandbox.wix_api.refusal import not_found
from sandbox.wix_api.wire import JsonObject, Wire

_READ = "PRICING_PLANS.READ_ORDERS"
_MANAGE = "PRICING_PLANS.MANAGE_ORDERS"
_OWN = "PRICING_PLANS.MANAGE_OWN_ORDERS"


class CancelRequest(Wire):
    """Body of Cancel Order and Request Cancellation."""

    effective_at: Effective


class PostponeRequest(Wire):
    """Body of Postpone End Date."""

    end_date: Moment


class NoRequest(Wire):
    """Body of a call that says nothing beside the order's id."""


def get_order(call: Call) -> JsonObject:
    """One order."""
    return {"order": call.site.plan_orders.get(call.id("id"), call.asked(OrderRequest).field_set)}


def list_orders(call: Call) -> JsonObject:
    """A page of orders, the newest first."""
    query = call.asked(OrdersQuery)
    return call.site.plan_orders.page(query, buyers=query.buyer_ids).answer()


def postpone_end_date(call: Call) -> JsonObject:
    """The order ends later."""
    end = call.read(PostponeRequest).end_date
    return call.happen(change.postponed(_order(call), end, now=call.now))


def cancel(call: Call) -> JsonObject:
    """The owner cancels."""
    effective = call.read(CancelRequest).effective_at
    return call.happen(change.canceled(_order(call), effective, cause="OWNER_ACTION", now=call.now))


def mark_as_paid(call: Call) -> JsonObject:
    """The owner got the money."""
    call.read(NoRequest)
    return call.happen(change.marked_as_paid(_order(call), now=call.now))


def pause(call: Call) -> JsonObject:
    """The owner pauses."""
    call.read(NoRequest)
    return call.happen(change.paused(_order(call), now=call.now))


def resume(call: Call) -> JsonObject:
    """The owner lets it go on."""
    call.read(NoRequest)
    return call.happen(change.resumed(_order(call), now=call.now))


def member_get_order(call: Call) -> JsonObject:
    """One order of the member who asks."""
    field_set = call.asked(OrderRequest).field_set
    return {"order": shown(_own_order(call).shown, field_set)}


def member_list_orders(call: Call) -> JsonObject:
    """A page of the orders of the member who asks."""
    return call.site.plan_orders.page(call.asked(MemberOrdersQuery), buyers=[call.caller.id]).answer()


def request_cancellation(call: Call) -> JsonObject:
    """The buyer cancels; what is immediate still takes a moment."""
    effective = call.read(CancelRequest).effective_at
    takes = timedelta(seconds=call.world.rules.cancellation_seconds)
    return call.happen(change.cancellation_requested(_own_order(call), effective, now=call.now, takes=takes))


def _order(call: Call) -> PlanOrder:
    return call.site.plan_orders.find(call.id("id"))


def _own_order(call: Call) -> PlanOrder:
    order = _order(call)
    if order.shown.get("buyer", {}).get("memberId") != call.caller.id:
        raise not_found("Order", order.id)
    return order


_ORDERS = "/pricing-plans/v2/orders"
_OWN_ORDERS = "/pricing-plans/v2/member/orders"
_MEMBERS = ANYBODY - APP_ONLY

ENDPOINTS = (
    Endpoint(method="GET", path=_ORDERS, permission=_READ, handler=list_orders),
    Endpoint(method="GET", path=f"{_ORDERS}/{{id}}", permission=_READ, handler=get_order),
    Endpoint(method="PATCH", path=f"{_ORDERS}/{{id}}", permission=_MANAGE, handler=postpone_end_date),
    Endpoint(method="POST", path=f"{_ORDERS}/{{id}}/cancel", permission=_MANAGE, handler=cancel),
    Endpoint(method="POST", path=f"{_ORDERS}/{{id}}/mark-as-paid", permission=_MANAGE, handler=mark_as_paid),
    Endpoint(method="POST", path=f"{_ORDERS}/{{id}}/pause", permission=_MANAGE, handler=pause),
    Endpoint(method="POST", path=f"{_ORDERS}/{{id}}/resume", permission=_MANAGE, handler=resume),
    Endpoint(
        method="GET",
        path=_OWN_ORDERS,
        permission=_OWN,
        handler=member_list_orders,
        callers=_MEMBERS - {"VISITOR"},
    ),
    Endpoint(
        method="GET",
        path=f"{_OWN_ORDERS}/{{id}}",
        permission=_OWN,
        handler=member_get_order,
        callers=_MEMBERS - {"VISITOR"},
    ),
    Endpoint(
        method="POST",
        path=f"{_OWN_ORDERS}/{{id}}/cancel",
        permission=_OWN,
        handler=request_cancellation,
        callers=_MEMBERS,
    ),
)
