"""An eCommerce order becomes StoreOrderFacts, its fulfillments FulfillmentsFacts. No I/O."""

from collections.abc import Iterator, Mapping
from typing import Any

from analytics.lifecycle import FulfillmentsFacts, Line, Shipment, StoreOrderFacts, store_order_state
from ingest.catalogue import PRICING_PLANS_APP_ID
from streams.fields import at, count, flag, items, moment, money, text

UNKNOWN = "UNKNOWN"


def store_order_facts(
    order: Mapping[str, Any], *, identity_type: str | None, is_anonymized: bool
) -> StoreOrderFacts:
    """What the order looked like, as one event showed it."""
    status = text(order, "status") or UNKNOWN
    fulfillment_status = text(order, "fulfillmentStatus")
    return StoreOrderFacts(
        state=store_order_state(status, fulfillment_status=fulfillment_status),
        status=status,
        payment_status=text(order, "paymentStatus"),
        fulfillment_status=fulfillment_status,
        number=_order_number(order),
        member_id=text(order, "buyerInfo", "memberId"),
        contact_id=text(order, "buyerInfo", "contactId"),
        currency=text(order, "currency"),
        total=money(order, "priceSummary", "total", "amount"),
        created_at=moment(order, "createdDate"),
        updated_at=moment(order, "updatedDate"),
        lines=lines(order),
        is_shippable=_is_shippable(order),
        is_plan_order=_is_plan_order(order),
        identity_type=identity_type,
        is_anonymized=is_anonymized,
    )


def fulfillments_facts(entity: Mapping[str, Any]) -> FulfillmentsFacts:
    """All fulfillments the order has now; an empty list means that none is left."""
    return FulfillmentsFacts(shipments=tuple(_shipments(entity)))


def lines(holder: Mapping[str, Any]) -> tuple[Line, ...]:
    """The line items of an order, a fulfillment or a handover that name an item and its units."""
    read = ((text(item, "id"), count(item, "quantity")) for item in items(holder, "lineItems"))
    return tuple(Line(id=id_, quantity=units) for id_, units in read if id_ is not None and units is not None)


def _shipments(entity: Mapping[str, Any]) -> Iterator[Shipment]:
    for fulfillment in items(entity, "fulfillments"):
        fulfillment_id = text(fulfillment, "id")
        if fulfillment_id is not None:
            yield Shipment(
                id=fulfillment_id,
                created_at=moment(fulfillment, "createdDate"),
                lines=lines(fulfillment),
                tracking_number=text(fulfillment, "trackingInfo", "trackingNumber"),
                shipping_provider=text(fulfillment, "trackingInfo", "shippingProvider"),
                tracking_link=text(fulfillment, "trackingInfo", "trackingLink"),
            )


def _order_number(order: Mapping[str, Any]) -> str | None:
    number = count(order, "number")
    return text(order, "number") or (None if number is None else str(number))


def _is_shippable(order: Mapping[str, Any]) -> bool | None:
    """Whether any line has to be sent; None where no line says."""
    told = [flag(item, "physicalProperties", "shippable") for item in items(order, "lineItems")]
    return None if all(one is None for one in told) else any(told)


def _is_plan_order(order: Mapping[str, Any]) -> bool:
    apps = [at(item, "catalogReference", "appId") for item in items(order, "lineItems")]
    return bool(apps) and all(app == PRICING_PLANS_APP_ID for app in apps)
