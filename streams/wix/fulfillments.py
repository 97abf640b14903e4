"""Order fulfillments of Wix eCommerce: what left for the customer, and under which tracking number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analytics.lifecycle import Line, Shipment
from streams.fields import at, count, flag, items, text
from streams.lifecycle_store import fulfillments_facts
from streams.wix.client import WixClient, in_path

_ROOT = "/ecom/v1/fulfillments"
_PATH = f"{_ROOT}/orders"

TRACKING_NUMBER_ALREADY_EXISTS = "TRACKING_NUMBER_ALREADY_EXISTS"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFulfillment:
    """Units that leave together; without a tracking number when nobody tracks them.

    For providers that Wix knows (fedex, ups, usps, dhl, canadaPost) it makes the link itself.
    """

    lines: tuple[Line, ...]
    tracking_number: str | None = None
    shipping_provider: str | None = None
    tracking_link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """How a parcel is followed; what is None stays as it is."""

    number: str | None = None
    provider: str | None = None
    link: str | None = None

    def body(self) -> Mapping[str, str]:
        """As Wix spells it."""
        fields = {"trackingNumber": self.number, "shippingProvider": self.provider, "trackingLink": self.link}
        return {name: value for name, value in fields.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """What Create Fulfillment answered."""

    fulfillment_id: str
    shipments: tuple[Shipment, ...]
    request_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkResult:
    """What became of one order of a bulk create; `code` says why it failed."""

    order_id: str
    is_success: bool
    code: str | None
    shipments: tuple[Shipment, ...]


async def create(wix: WixClient, site: str, order_id: str, new: NewFulfillment) -> Created:
    """Create a fulfillment. Wix mails the customer; never repeat a call that is in doubt."""
    path = f"{_PATH}/{in_path(order_id)}/create-fulfillment"
    answer = await wix.request(site, "POST", path, json={"fulfillment": _body(new)})
    return Created(
        fulfillment_id=answer.text(answer.body, "fulfillmentId"),
        shipments=fulfillments_facts(answer.object("orderWithFulfillments")).shipments,
        request_id=answer.request_id,
    )


async def list_for_order(wix: WixClient, site: str, order_id: str) -> tuple[Shipment, ...]:
    """All fulfillments that an order has now; none is an empty tuple."""
    answer = await wix.request(site, "GET", f"{_PATH}/{in_path(order_id)}")
    return fulfillments_facts(answer.object("orderWithFulfillments")).shipments


async def list_for_orders(
    wix: WixClient, site: str, order_ids: Sequence[str]
) -> Mapping[str, tuple[Shipment, ...]]:
    """The fulfillments of several orders, by order id."""
    body = {"orderIds": list(order_ids)}
    answer = await wix.request(site, "POST", f"{_ROOT}/list-by-ids", json=body, is_read=True)
    return {
        order_id: fulfillments_facts(order).shipments
        for order in items(answer.body, "ordersWithFulfillments")
        if (order_id := text(order, "orderId"))
    }


async def create_in_bulk(
    wix: WixClient, site: str, new: Mapping[str, Sequence[NewFulfillment]]
) -> tuple[BulkResult, ...]:
    """Fulfillments for several orders, by order id. One may fail and the others not: look at each.

    Never repeat a call that is in doubt.
    """
    orders = [
        {"orderId": order_id, "fulfillments": [_body(one) for one in parcels]}
        for order_id, parcels in new.items()
    ]
    path = f"{_PATH}/bulk/create-fulfillments"
    answer = await wix.request(site, "POST", path, json={"ordersWithFulfillments": orders})
    return tuple(_bulk_result(one, list(new)) for one in items(answer.body, "results"))


async def update(
    wix: WixClient, site: str, order_id: str, fulfillment_id: str, tracking: Tracking
) -> tuple[Shipment, ...]:
    """Change a fulfillment's tracking; what the order then has."""
    body = {"fulfillment": {"trackingInfo": tracking.body()}}
    answer = await wix.request(site, "PATCH", _one(order_id, fulfillment_id), json=body)
    return fulfillments_facts(answer.object("orderWithFulfillments")).shipments


async def delete(wix: WixClient, site: str, order_id: str, fulfillment_id: str) -> tuple[Shipment, ...]:
    """Delete a fulfillment, so that its units are left to ship; what the order then has."""
    answer = await wix.request(site, "DELETE", _one(order_id, fulfillment_id))
    return fulfillments_facts(answer.object("orderWithFulfillments")).shipments


def _one(order_id: str, fulfillment_id: str) -> str:
    return f"{_ROOT}/{in_path(fulfillment_id)}/orders/{in_path(order_id)}"


def _bulk_result(result: Mapping[str, Any], asked: Sequence[str]) -> BulkResult:
    about = at(result, "itemMetadata")
    index = count(about, "originalIndex")
    by_place = asked[index] if index is not None and 0 <= index < len(asked) else ""
    done = at(result, "ordersWithFulfillments")
    return BulkResult(
        order_id=text(about, "id") or by_place,
        is_success=flag(about, "success") is True,
        code=text(about, "error", "code"),
        shipments=fulfillments_facts(done).shipments if isinstance(done, Mapping) else (),
    )


def _body(new: NewFulfillment) -> Mapping[str, Any]:
    tracking = Tracking(number=new.tracking_number, provider=new.shipping_provider, link=new.tracking_link)
    known = tracking.body()
    lines = [{"id": line.id, "quantity": line.quantity} for line in new.lines]
    return {"lineItems": lines, **({"trackingInfo": known} if known else {})}
