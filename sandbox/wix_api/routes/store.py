"""eCommerce: orders and their fulfillments."""

from sandbox.wix_api.call import Call, Endpoint
from sandbox.wix_api.clock import instant
from sandbox.wix_api.events import fulfillment_created
from sandbox.wix_api.fulfillments import FULFILLED, CreateRequest, ListByIdsRequest, NewFulfillment
from sandbox.wix_api.store_orders import SearchRequest
from sandbox.wix_api.wire import JsonObject

_READ_ORDERS = "ECOM.READ_ORDERS"
_READ = "ECOM.READ_FULFILLMENTS"
_MODIFY = "ECOM.MODIFY_FULFILLMENTS"


def get_order(call: Call) -> JsonObject:
    """One order."""
    return {"order": call.site.store_orders.get(call.id("id"))}


def search_orders(call: Call) -> JsonObject:
    """A page of the orders that pass the filter."""
    return call.site.store_orders.search(call.read(SearchRequest).search)


def create_fulfillment(call: Call) -> JsonObject:
    """Ship units of an order: the order's status follows, and Wix tells."""
    new = call.read(CreateRequest).fulfillment
    order = call.site.store_orders.get(call.id("orderId"))
    before = order.get("fulfillmentStatus", "NOT_FULFILLED")
    made = call.site.fulfillments.create(order, new, created=instant(call.now))
    order = _follow(call, order, new)
    answer = call.site.fulfillments.of(order["id"])
    call.world.received.fulfillment(
        instance_id=call.site.instance_id,
        order_id=order["id"],
        fulfillment_id=made["id"],
        at=call.now,
        body=new.answer(),
    )
    told = fulfillment_created(call.happening(), order=order, before=before, order_with_fulfillments=answer)
    for event in told:
        call.world.tell(event)
    return {"orderWithFulfillments": answer, "fulfillmentId": made["id"]}


def list_for_order(call: Call) -> JsonObject:
    """One order's fulfillments."""
    order = call.site.store_orders.get(call.id("orderId"))
    return {"orderWithFulfillments": call.site.fulfillments.of(order["id"])}


def list_by_ids(call: Call) -> JsonObject:
    """The fulfillments of several orders; those that Wix doesn't know are left out."""
    known = [one for one in call.read(ListByIdsRequest).order_ids if one in call.site.store_orders]
    return {"ordersWithFulfillments": [call.site.fulfillments.of(order_id) for order_id in known]}


def _follow(call: Call, order: JsonObject, new: NewFulfillment) -> JsonObject:
    status = call.site.fulfillments.status(order)
    at = instant(call.now)
    happened = ["TRACKING_NUMBER_ADDED"] if new.tracking_info and new.tracking_info.tracking_number else []
    happened += ["ORDER_FULFILLED"] if status == FULFILLED else []
    activities = [*order.get("activities", []), *({"createdDate": at, "type": one} for one in happened)]
    changed = {**order, "fulfillmentStatus": status, "updatedDate": at, "activities": activities}
    call.site.store_orders.upsert(changed)
    return changed


_FULFILLMENTS = "/ecom/v1/fulfillments"

ENDPOINTS = (
    Endpoint(method="GET", path="/ecom/v1/orders/{id}", permission=_READ_ORDERS, handler=get_order),
    Endpoint(method="POST", path="/ecom/v1/orders/search", permission=_READ_ORDERS, handler=search_orders),
    Endpoint(
        method="POST",
        path=f"{_FULFILLMENTS}/orders/{{orderId}}/create-fulfillment",
        permission=_MODIFY,
        handler=create_fulfillment,
    ),
    Endpoint(
        method="GET", path=f"{_FULFILLMENTS}/orders/{{orderId}}", permission=_READ, handler=list_for_order
    ),
    Endpoint(method="POST", path=f"{_FULFILLMENTS}/list-by-ids", permission=_READ, handler=list_by_ids),
)
