"""The life of one store order, placed to shipped or canceled, with the webhooks Wix sends for each move.

Moves take the time at which they happen; None means the moment they are told.
"""

from copy import deepcopy
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Literal

from sandbox.stories.cashier import Cashier
from sandbox.stories.cast import Customer, Product, Site
from sandbox.stories.envelope import (
    ECOMMERCE_APP_ID,
    FULFILLMENTS,
    STORE_ORDER,
    STORES_APP_ID,
    Json,
    domain_event,
    guid,
    iso,
)
from sandbox.stories.story import Parcel, Script, Seed, Webhook

WAREHOUSE = "depot"

Basket = tuple[tuple[Product, int], ...]


class StoreLife:
    """One order of `basket` by `buyer`, from its creation on. Parameters as for PlanLife."""

    def __init__(
        self,
        script: Script,
        rng: Random,
        site: Site,
        buyer: Customer,
        basket: Basket,
        *,
        now: datetime,
        only_last_seed: bool = False,
    ) -> None:
        self.script, self.rng, self.site, self.buyer, self.basket = script, rng, site, buyer, basket
        self.now = now
        self.total = sum((product.price * units for product, units in basket), Decimal(0))
        self.order = self._new_order()
        self.id: str = self.order["id"]
        self._fulfillments: list[Json] = []
        self._only_last_seed = only_last_seed

    @property
    def lines(self) -> list[Json]:
        """Every line with all of its units, as a fulfillment names them."""
        return [{"id": line["id"], "quantity": line["quantity"]} for line in self.order["lineItems"]]

    def place(self, at: datetime | None = None) -> None:
        """The customer places the order; it isn't confirmed yet."""
        self.order.update(createdDate=iso(at or self.now))
        self._note("ORDER_PLACED", at)
        self._happened("created", at)

    def approve(self, at: datetime | None = None) -> None:
        """The order stands. What has nothing to ship is fulfilled by Wix in the same moment."""
        self.order.update(status="APPROVED")
        if "shippingInfo" not in self.order:
            self.order.update(fulfillmentStatus="FULFILLED")
        self._happened("approved", at)

    def pay(self, at: datetime | None = None) -> None:
        """The money is there."""
        self.order.update(paymentStatus="PAID")
        self._note("ORDER_PAID", at)
        self._happened("payment_status_updated", at, beside={"previousPaymentStatus": "NOT_PAID"})

    def cashier(self) -> Cashier:
        """The cashier of this order, on behalf of the store."""
        return Cashier(
            self.script,
            self.rng,
            self.site,
            now=self.now,
            order_id=self.id,
            item=self.basket[0][0].name,
            price=self.total,
            app_id=ECOMMERCE_APP_ID,
        )

    def cancel(self, at: datetime | None = None) -> None:
        """The owner cancels; nothing is to leave the house any more."""
        self.order.update(status="CANCELED")
        self._note("ORDER_CANCELED", at)
        beside = {"restockAllItems": True, "sendOrderCanceledEmail": False}
        identity = {"identityType": "WIX_USER", "wixUserId": self.site.instance_id}
        self._happened("canceled", at, beside=beside, identity=identity)

    def hand_over(
        self,
        number: str,
        *,
        lines: list[Json] | None = None,
        provider: Literal["fedex", "ups", "usps", "dhl"] = "ups",
        key: str | None = None,
    ) -> str:
        """The warehouse tells that items left; its idempotency key. Without lines: everything."""
        body: Json = {
            "instanceId": self.site.instance_id,
            "orderId": self.id,
            "trackingNumber": number,
            "shippingProvider": provider,
        }
        if lines is not None:
            body["lineItems"] = lines
        key = key or f"parcel-{number}"
        self.script.add(Parcel(key=key, body=body))
        return key

    def shipped(self, number: str | None, at: datetime, *, lines: list[Json] | None = None) -> None:
        """Someone ships from Wix's own dashboard: Wix tells of the fulfillment, then of the order."""
        fulfillment: Json = {
            "id": guid(self.rng),
            "createdDate": iso(at),
            "lineItems": lines or self.lines,
        }
        if number is not None:
            fulfillment["trackingInfo"] = {"trackingNumber": number, "shippingProvider": "dhl"}
        self._fulfillments.append(fulfillment)
        before = self.order["fulfillmentStatus"]
        is_whole = lines is None or self._units_shipped() == self._units(self.lines)
        self.order.update(fulfillmentStatus="FULFILLED" if is_whole else "PARTIALLY_FULFILLED")
        self._note("ORDER_FULFILLED", at)
        self._tell_fulfillments(at)
        if is_whole:
            change = {"previousFulfillmentStatus": before, "newFulfillmentStatus": "FULFILLED"}
            self._happened("fulfilled", at, beside={**change, "action": "markAsFulfilled"})

    def seed(self) -> Seed:
        """The order as Wix holds it now."""
        site = {"instanceId": self.site.instance_id}
        content: Json = {"storeOrders": [{**site, "order": deepcopy(self.order)}]}
        if self._fulfillments:
            made = {"orderId": self.id, "fulfillments": deepcopy(self._fulfillments)}
            content["fulfillments"] = [{**site, **made}]
        return Seed(content=content)

    def _new_order(self) -> Json:
        order: Json = {
            "id": guid(self.rng),
            "number": str(self.rng.randrange(10_001, 99_999)),
            "status": "INITIALIZED",
            "paymentStatus": "NOT_PAID",
            "fulfillmentStatus": "NOT_FULFILLED",
            "currency": self.site.currency,
            "buyerInfo": {"memberId": self.buyer.member_id, "contactId": self.buyer.contact_id},
            "lineItems": [self._line(place, *item) for place, item in enumerate(self.basket, start=1)],
            "priceSummary": {name: _money(self.total) for name in ("subtotal", "total", "totalPrice")},
            "activities": [],
            "archived": False,
            "buyerLanguage": "en",
            "channelInfo": {"type": "WEB"},
            "checkoutId": guid(self.rng),
        }
        if any(product.is_shippable for product, _ in self.basket):
            order["shippingInfo"] = {"title": "Parcel", "cost": {"price": _money(Decimal(0))}}
        return order

    def _line(self, place: int, product: Product, units: int) -> Json:
        return {
            "id": f"00000000-0000-0000-0000-{place:012d}",
            "quantity": units,
            "productName": {"original": product.name},
            "catalogReference": {"catalogItemId": product.id, "appId": STORES_APP_ID},
            "itemType": {"preset": "PHYSICAL" if product.is_shippable else "DIGITAL"},
            "physicalProperties": {"shippable": product.is_shippable},
            "price": _money(product.price),
        }

    def _note(self, activity: str, at: datetime | None) -> None:
        self.order["activities"].append({"createdDate": iso(at or self.now), "type": activity})

    def _units(self, lines: list[Json]) -> int:
        return sum(line["quantity"] for line in lines)

    def _units_shipped(self) -> int:
        return sum(self._units(fulfillment["lineItems"]) for fulfillment in self._fulfillments)

    def _happened(
        self,
        slug: str,
        at: datetime | None,
        *,
        beside: Json | None = None,
        identity: Json | None = None,
    ) -> None:
        self.order["updatedDate"] = iso(at or self.now)
        if not self._only_last_seed:
            self.script.add(self.seed())
        self._send(STORE_ORDER, slug, self.order, at, beside=beside, identity=identity)
        if slug != "created":
            self._send(STORE_ORDER, "updated", self.order, at, place=1)

    def _tell_fulfillments(self, at: datetime) -> None:
        entity = {"orderId": self.id, "fulfillments": self._fulfillments}
        self._send(FULFILLMENTS, "updated", entity, at)

    def _send(
        self,
        fqdn: str,
        slug: str,
        entity: Json,
        at: datetime | None,
        *,
        place: int = 0,
        beside: Json | None = None,
        identity: Json | None = None,
    ) -> None:
        moment = (at or self.now) + timedelta(milliseconds=place)
        # Without sequence numbers, as in Wix's samples: here the order of times must do.
        body = domain_event(guid(self.rng), fqdn, slug, self.id, entity, at=moment, beside=beside)
        webhook = Webhook(
            instance_id=self.site.instance_id,
            event_type=f"{fqdn}_{slug}",
            body=body,
            identity=identity,
            happens_now=at is None,
        )
        self.script.add(webhook)


def _money(amount: Decimal) -> Json:
    return {"amount": str(amount), "formattedAmount": str(amount)}
