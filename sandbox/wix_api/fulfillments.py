"""Fulfillments of store orders: what may be shipped, under which tracking number. No I/O."""

import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal, Self
from urllib.parse import quote

from pydantic import Field, model_validator

from sandbox.wix_api.refusal import invalid_field, precondition_failed, refused
from sandbox.wix_api.wire import Guid, JsonObject, WebUrl, Wire

# Providers that Wix knows by exactly this name: it makes their tracking link itself.
# The first four are as documented; Canada Post's is its own public address.
TRACKING_LINKS = {
    "fedex": "https://www.fedex.com/apps/fedextrack/?action=track&trackingnumber={number}",
    "ups": "https://wwwapps.ups.com/WebTracking/track?track=yes&trackNums={number}",
    "usps": "https://tools.usps.com/go/TrackConfirmAction.action?tLabels={number}",
    "dhl": "https://www.logistics.dhl/global-en/home/tracking.html?tracking-id={number}",
    "canadaPost": "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor={number}",
}

NOT_FULFILLED = "NOT_FULFILLED"
PARTIALLY_FULFILLED = "PARTIALLY_FULFILLED"
FULFILLED = "FULFILLED"

_Short = Annotated[str, Field(min_length=1, max_length=100)]


class _Line(Wire):
    id: Guid
    quantity: Annotated[int, Field(ge=1, le=100_000)] | None = None


class _TrackingInfo(Wire):
    tracking_number: _Short | None = None
    shipping_provider: _Short | None = None
    tracking_link: Annotated[WebUrl, Field(min_length=1, max_length=2048)] | None = None

    @model_validator(mode="after")
    def _linked(self) -> Self:
        if self.shipping_provider and self.shipping_provider not in TRACKING_LINKS and not self.tracking_link:
            raise ValueError(f"trackingLink is required, {self.shipping_provider} is no predefined provider")
        return self

    def shown(self) -> JsonObject:
        """What was sent, with the link of a predefined provider."""
        template = TRACKING_LINKS.get(self.shipping_provider or "")
        if template is None or self.tracking_number is None:
            return self.answer()
        return {**self.answer(), "trackingLink": template.format(number=quote(self.tracking_number, safe=""))}


class _CustomInfo(Wire):
    fields_data: dict[str, str] = Field(default_factory=dict, max_length=100)


class NewFulfillment(Wire):
    """A fulfillment to create. No lines, or a line without quantity, means all that is left."""

    line_items: list[_Line] = Field(default_factory=list, max_length=300)
    tracking_info: _TrackingInfo | None = None
    custom_info: _CustomInfo | None = None
    status: Literal["Pending", "Accepted", "Ready", "In_Delivery", "Fulfilled"] | None = None
    completed: bool | None = None

    @model_validator(mode="after")
    def _one_info(self) -> Self:
        if self.tracking_info is not None and self.custom_info is not None:
            raise ValueError("trackingInfo and customInfo exclude each other")
        return self

    def shown(self) -> JsonObject:
        """What Wix keeps of it besides the lines."""
        kept = {
            name: value for name, value in self.answer().items() if name not in ("lineItems", "trackingInfo")
        }
        return kept if self.tracking_info is None else {**kept, "trackingInfo": self.tracking_info.shown()}


class CreateRequest(Wire):
    """Body of Create Fulfillment."""

    fulfillment: NewFulfillment


class ListByIdsRequest(Wire):
    """Body of List Fulfillments for Multiple Orders."""

    order_ids: list[Guid] = Field(min_length=1, max_length=100)


class Fulfillments:
    """The fulfillments of one site's orders; a tracking number is used once on a site."""

    def __init__(self, instance_id: str) -> None:
        self._namespace = uuid.uuid5(uuid.NAMESPACE_URL, f"fulfillments:{instance_id}")
        self._by_order: dict[str, list[JsonObject]] = {}
        self._numbers: set[str] = set()

    def of(self, order_id: str) -> JsonObject:
        """An order with its fulfillments, oldest first."""
        return {"orderId": order_id, "fulfillments": list(self._by_order.get(order_id, []))}

    def put(self, order_id: str, fulfillments: list[JsonObject]) -> None:
        """Set an order's fulfillments to these."""
        self._by_order[order_id] = fulfillments
        self._numbers |= {number for one in fulfillments if (number := _number(one)) is not None}

    def create(self, order: JsonObject, new: NewFulfillment, *, created: str) -> JsonObject:
        """Make a fulfillment.

        Raises:
            Refusal: 400 for a line the order doesn't have or has twice here, 409 for a tracking
                number in use, 428 for a canceled order or more units than are left.
        """
        if order.get("status") == "CANCELED":
            raise precondition_failed("The order is canceled", orderId=order["id"])
        lines = self._lines(order, new)
        number = None if new.tracking_info is None else new.tracking_info.tracking_number
        if number in self._numbers:
            raise refused(
                409,
                "TRACKING_NUMBER_ALREADY_EXISTS",
                f"Tracking number {number} exists",
                trackingNumber=number,
            )
        known = self._by_order.setdefault(order["id"], [])
        ident = str(uuid.uuid5(self._namespace, f"{order['id']}:{len(known)}"))
        made = {"id": ident, "createdDate": created, "lineItems": lines, **new.shown()}
        self.put(order["id"], [*known, made])
        return made

    def status(self, order: JsonObject) -> str:
        """The order's fulfillment status, by the quantities shipped."""
        left = self.left(order)
        if not any(left.values()):
            return FULFILLED
        return PARTIALLY_FULFILLED if self._by_order.get(order["id"]) else NOT_FULFILLED

    def left(self, order: JsonObject) -> dict[str, int]:
        """Units of each line that are in no fulfillment yet.

        An order that came fulfilled (Wix does that where nothing is shipped) has none left.
        """
        made = self._by_order.get(order["id"], [])
        if not made and order.get("fulfillmentStatus") == FULFILLED:
            return dict.fromkeys(_ordered(order), 0)
        shipped: Counter[str] = Counter()
        for fulfillment in made:
            for line in fulfillment["lineItems"]:
                shipped[line["id"]] += line["quantity"]
        return {line: quantity - shipped[line] for line, quantity in _ordered(order).items()}

    def _lines(self, order: JsonObject, new: NewFulfillment) -> list[JsonObject]:
        left = self.left(order)
        if not any(left.values()):
            raise precondition_failed("Nothing is left to fulfill", orderId=order["id"])
        if not new.line_items:
            return [{"id": line, "quantity": units} for line, units in left.items() if units]
        if len({line.id for line in new.line_items}) < len(new.line_items):
            raise invalid_field("fulfillment.lineItems", "names a line twice")
        return [_taken(line, left) for line in new.line_items]


def _taken(line: _Line, left: Mapping[str, int]) -> JsonObject:
    if line.id not in left:
        raise invalid_field("fulfillment.lineItems", f"the order has no line {line.id}")
    quantity = left[line.id] if line.quantity is None else line.quantity
    if not 0 < quantity <= left[line.id]:
        raise precondition_failed(
            f"Line {line.id} has {left[line.id]} units left", lineItemId=line.id, available=left[line.id]
        )
    return {"id": line.id, "quantity": quantity}


def _ordered(order: JsonObject) -> dict[str, int]:
    return {str(line["id"]).lower(): int(line.get("quantity", 1)) for line in order.get("lineItems", [])}


def _number(fulfillment: JsonObject) -> str | None:
    tracking = fulfillment.get("trackingInfo", {})
    number = tracking.get("trackingNumber")
    return None if number is None else str(number)
