"""Fulfillments of store orders: what may be shipped, under which tracking number. No I/O."""

import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal, Self
from urllib.parse import quote

from pydantic import Field, model_validator

from sandbox.wix_api.refusal import invalid_field, not_found, precondition_failed, refused
from sandbox.wix_api.wire import Flag, Guid, JsonObject, WebUrl, Wire, read

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

_Status = Literal["Pending", "Accepted", "Ready", "In_Delivery", "Fulfilled"]
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


class _TrackingChange(Wire):
    """What becomes of a tracking: what isn't named stays as it was."""

    tracking_number: _Short | None = None
    shipping_provider: _Short | None = None
    tracking_link: Annotated[WebUrl, Field(min_length=1, max_length=2048)] | None = None


class _CustomInfo(Wire):
    fields_data: dict[str, str] = Field(default_factory=dict, max_length=100)


class NewFulfillment(Wire):
    """A fulfillment to create. No lines, or a line without quantity, means all that is left."""

    line_items: list[_Line] = Field(default_factory=list, max_length=300)
    tracking_info: _TrackingInfo | None = None
    custom_info: _CustomInfo | None = None
    status: _Status | None = None
    completed: Flag | None = None

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


class ChangedFulfillment(Wire):
    """What may be changed of a fulfillment: not its lines."""

    tracking_info: _TrackingChange | None = None
    custom_info: _CustomInfo | None = None
    status: _Status | None = None
    completed: Flag | None = None


class UpdateRequest(Wire):
    """Body of Update Fulfillment."""

    fulfillment: ChangedFulfillment


class _OrderToFulfill(Wire):
    order_id: Guid
    fulfillments: list[NewFulfillment] = Field(min_length=1, max_length=100)


class BulkCreateRequest(Wire):
    """Body of Bulk Create Fulfillments."""

    orders_with_fulfillments: list[_OrderToFulfill] = Field(min_length=1, max_length=100)


class ListByIdsRequest(Wire):
    """Body of List Fulfillments for Multiple Orders."""

    order_ids: list[Guid] = Field(min_length=1, max_length=100)


class Fulfillments:
    """The fulfillments of one site's orders; a tracking number is used once on a site."""

    def __init__(self, instance_id: str) -> None:
        self._namespace = uuid.uuid5(uuid.NAMESPACE_URL, f"fulfillments:{instance_id}")
        self._by_order: dict[str, list[JsonObject]] = {}
        self._made: Counter[str] = Counter()

    def of(self, order_id: str) -> JsonObject:
        """An order with its fulfillments, oldest first."""
        return {"orderId": order_id, "fulfillments": list(self._by_order.get(order_id, []))}

    def put(self, order_id: str, fulfillments: list[JsonObject]) -> None:
        """Set an order's fulfillments to these."""
        self._by_order[order_id] = fulfillments

    def create(self, order: JsonObject, new: NewFulfillment, *, created: str) -> JsonObject:
        """Make a fulfillment.

        Raises:
            Refusal: 400 for a line the order doesn't have or has twice here, 409 for a tracking
                number in use, 428 for a canceled order or more units than are left.
        """
        if order.get("status") == "CANCELED":
            raise precondition_failed("The order is canceled", orderId=order["id"])
        lines = self._lines(order, new)
        if new.tracking_info is not None:
            self._check_unused(new.tracking_info.tracking_number)
        known = self._by_order.get(order["id"], [])
        ident = str(uuid.uuid5(self._namespace, f"{order['id']}:{self._made[order['id']]}"))
        self._made[order["id"]] += 1
        made = {"id": ident, "createdDate": created, "lineItems": lines, **new.shown()}
        self.put(order["id"], [*known, made])
        return made

    def update(self, order_id: str, fulfillment_id: str, change: ChangedFulfillment) -> None:
        """Change a fulfillment's tracking or status.

        Raises:
            Refusal: 404, the order has no such fulfillment; 400, a provider without a link;
                409, a tracking number in use.
        """
        old = self._find(order_id, fulfillment_id)
        said = {name: value for name, value in change.answer().items() if name != "trackingInfo"}
        new = {**old, **said}
        if change.tracking_info is not None:
            tracking = _retracked(old.get("trackingInfo", {}), change.tracking_info)
            if tracking.get("trackingNumber") != _number(old):
                self._check_unused(tracking.get("trackingNumber"))
            new["trackingInfo"] = tracking
        known = self._by_order[order_id]
        self.put(order_id, [new if one is old else one for one in known])

    def delete(self, order_id: str, fulfillment_id: str) -> None:
        """Take a fulfillment back; its tracking number may be used again.

        Raises:
            Refusal: 404, the order has no such fulfillment.
        """
        gone = self._find(order_id, fulfillment_id)
        self.put(order_id, [one for one in self._by_order[order_id] if one is not gone])

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
        made = self._by_order.get(order["id"])
        if made is None and order.get("fulfillmentStatus") == FULFILLED:
            return dict.fromkeys(_ordered(order), 0)
        shipped: Counter[str] = Counter()
        for fulfillment in made or []:
            for line in fulfillment["lineItems"]:
                shipped[line["id"]] += line["quantity"]
        return {line: quantity - shipped[line] for line, quantity in _ordered(order).items()}

    def _find(self, order_id: str, fulfillment_id: str) -> JsonObject:
        for one in self._by_order.get(order_id, []):
            if one["id"] == fulfillment_id:
                return one
        raise not_found("Fulfillment", fulfillment_id, code="FULFILLMENT_NOT_FOUND")

    def _check_unused(self, number: str | None) -> None:
        used = {_number(one) for made in self._by_order.values() for one in made}
        if number is not None and number in used:
            raise refused(
                409,
                "TRACKING_NUMBER_ALREADY_EXISTS",
                f"Tracking number {number} exists",
                trackingNumber=number,
            )

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


def _retracked(old: JsonObject, change: _TrackingChange) -> JsonObject:
    said = change.answer()
    kept = {name: value for name, value in old.items() if name != "trackingLink"}
    merged = {**kept, **said}
    if merged.get("shippingProvider") not in TRACKING_LINKS and "trackingLink" in old:
        merged = {"trackingLink": old["trackingLink"], **merged}
    made = read(_TrackingInfo, merged)
    # A link that was given stands, whoever the provider is.
    return {**made.shown(), **said}


def _number(fulfillment: JsonObject) -> str | None:
    tracking = fulfillment.get("trackingInfo", {})
    number = tracking.get("trackingNumber")
    return None if number is None else str(number)
