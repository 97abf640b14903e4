"""eCommerce: orders and their fulfillments."""

from collections.abc import Callable

from sandbox.wix_api.call import Call, Endpoint
from sandbox.wix_api.clock import instant
from sandbox.wix_api.events import fulfillments_changed
from sandbox.wix_api.fulfillments import (
    FULFILLED,
    BulkCreateRequest,
    CreateRequest,
    ListByIdsRequest,
    NewFulfillment,
    UpdateRequest,
)
from sandbox.wix_api.refusal import Refusal
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
    answer, made = _created(call, call.id("orderId"), new)
    return {"orderWithFulfillments": answer, "fulfillmentId": made["id"]}


def bulk_create_fulfillments(call: Call) -> JsonObject:
    """Ship several orders; each goes well or fails by itself."""
    asked = call.read(BulkCreateRequest).orders_with_fulfillments
    results = [_shipped(call, index, one.order_id, one.fulfillments) for index, one in enumerate(asked)]
    failures = sum(not result["itemMetadata"]["success"] for result in results)
    metadata = {
        "totalSuccesses": len(results) - failures,
        "totalFailures": failures,
        "undetailedFailures": 0,
    }
    return {"results": results, "bulkActionMetadata": metadata}


def update_fulfillment(call: Call) -> JsonObject:
    """Another tracking number, link or status."""
    change = call.read(UpdateRequest).fulfillment
    fulfillment_id = call.id("fulfillmentId")
    happened = ["TRACKING_NUMBER_EDITED"] if change.tracking_info is not None else []
    return _changed(
        call,
        lambda order: call.site.fulfillments.update(order["id"], fulfillment_id, change),
        happened=happened,
    )


def delete_fulfillment(call: Call) -> JsonObject:
    """What was shipped was not: its units are left again."""
    fulfillment_id = call.id("fulfillmentId")
    return _changed(
        call,
        lambda order: call.site.fulfillments.delete(order["id"], fulfillment_id),
        happened=["ORDER_NOT_FULFILLED"],
    )


def list_for_order(call: Call) -> JsonObject:
    """One order's fulfillments."""
    order = call.site.store_orders.get(call.id("orderId"))
    return {"orderWithFulfillments": call.site.fulfillments.of(order["id"])}


def list_by_ids(call: Call) -> JsonObject:
    """The fulfillments of several orders; those that Wix doesn't know are left out."""
    known = [one for one in call.read(ListByIdsRequest).order_ids if one in call.site.store_orders]
    return {"ordersWithFulfillments": [call.site.fulfillments.of(order_id) for order_id in known]}


def _created(call: Call, order_id: str, new: NewFulfillment) -> tuple[JsonObject, JsonObject]:
    order = call.site.store_orders.get(order_id)
    made = call.site.fulfillments.create(order, new, created=instant(call.now))
    tracked = new.tracking_info and new.tracking_info.tracking_number
    answer = _follow(call, order, ["TRACKING_NUMBER_ADDED"] if tracked else [])
    call.world.received.fulfillment(
        instance_id=call.site.instance_id,
        order_id=order["id"],
        fulfillment_id=made["id"],
        at=call.now,
        body=new.answer(),
    )
    return answer, made


def _shipped(call: Call, index: int, order_id: str, new: list[NewFulfillment]) -> JsonObject:
    metadata: JsonObject = {"id": order_id, "originalIndex": index, "success": True}
    try:
        for one in new:
            answer, _ = _created(call, order_id, one)
    except Refusal as refusal:
        return {"itemMetadata": {**metadata, "success": False, "error": _error(refusal)}}
    return {"itemMetadata": metadata, "ordersWithFulfillments": answer}


def _error(refusal: Refusal) -> JsonObject:
    details = refusal.body["details"]
    found: JsonObject = details.get("applicationError") or {"code": "INVALID_ARGUMENT", "data": details}
    return {"description": refusal.body["message"], **found}


def _changed(call: Call, change: Callable[[JsonObject], None], *, happened: list[str]) -> JsonObject:
    order = call.site.store_orders.get(call.id("orderId"))
    change(order)
    return {"orderWithFulfillments": _follow(call, order, happened)}


def _follow(call: Call, order: JsonObject, happened: list[str]) -> JsonObject:
    before = order.get("fulfillmentStatus", "NOT_FULFILLED")
    status = call.site.fulfillments.status(order)
    happened = [*happened, "ORDER_FULFILLED"] if status == FULFILLED != before else happened
    at = instant(call.now)
    activities = [*order.get("activities", []), *({"createdDate": at, "type": one} for one in happened)]
    changed = {**order, "fulfillmentStatus": status, "updatedDate": at, "activities": activities}
    call.site.store_orders.upsert(changed)
    answer = call.site.fulfillments.of(order["id"])
    told = fulfillments_changed(
        call.happening(), order=changed, before=before, order_with_fulfillments=answer
    )
    for event in told:
        call.world.tell(event)
    return answer


_FULFILLMENTS = "/ecom/v1/fulfillments"
_ONE = f"{_FULFILLMENTS}/{{fulfillmentId}}/orders/{{orderId}}"

ENDPOINTS = (
    Endpoint(method="GET", path="/ecom/v1/orders/{id}", permission=_READ_ORDERS, handler=get_order),
    Endpoint(method="POST", path="/ecom/v1/orders/search", permission=_READ_ORDERS, handler=search_orders),
    Endpoint(
        method="POST",
        path=f"{_FULFILLMENTS}/orders/bulk/create-fulfillments",
        permission=_MODIFY,
        handler=bulk_create_fulfillments,
    ),
    Endpoint(
        method="POST",
        path=f"{_FULFILLMENTS}/orders/{{orderId}}/create-fulfillment",
        permission=_MODIFY,
        handler=create_fulfillment,
    ),
    Endpoint(method="PATCH", path=_ONE, permission=_MODIFY, handler=update_fulfillment),
    Endpoint(method="DELETE", path=_ONE, permission=_MODIFY, handler=delete_fulfillment),
    Endpoint(
        method="GET", path=f"{_FULFILLMENTS}/orders/{{orderId}}", permission=_READ, handler=list_for_order
    ),
    Endpoint(method="POST", path=f"{_FULFILLMENTS}/list-by-ids", permission=_READ, handler=list_by_ids),
)
