"""Order fulfillments of Wix eCommerce: what left for the customer, and under which tracking number."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analytics.lifecycle import Line, Shipment
from streams.lifecycle_store import fulfillments_facts
from streams.wix.client import WixClient, in_path

_PATH = "/ecom/v1/fulfillments/orders"

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
class Created:
    """What Create Fulfillment answered."""

    fulfillment_id: str
    shipments: tuple[Shipment, ...]
    request_id: str | None


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


def _body(new: NewFulfillment) -> Mapping[str, Any]:
    tracking = {
        "trackingNumber": new.tracking_number,
        "shippingProvider": new.shipping_provider,
        "trackingLink": new.tracking_link,
    }
    known = {name: value for name, value in tracking.items() if value}
    lines = [{"id": line.id, "quantity": line.quantity} for line in new.lines]
    return {"lineItems": lines, **({"trackingInfo": known} if known else {})}
