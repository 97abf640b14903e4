"""Made-up shops at a sandbox Wix in a process of its own: buyers, and orders with something due for each."""

import os
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from ingest.catalogue import PRICING_PLANS_APP_ID
from sandbox.ports import quiet_port
from sandbox.room import Room
from streams.effect import FULFILLMENT, PAYMENT_NOTICE, Effect, handover_key, payment_notice_key
from streams.settings import WixSettings

# Far above what Wix allows, so that nothing but the work itself is measured.
CALLS_A_MINUTE = 10_000_000
SEED_BATCH = 500
LINE = "00000000-0000-0000-0000-000000000001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One site and its one buyer. Orders of a shop begin with its `mark`: faults go by paths."""

    number: int
    mark: str

    @property
    def site(self) -> str:
        """The instanceId."""
        return _id("site", self.number)

    @property
    def member(self) -> str:
        """The buyer."""
        return _id("member", self.number)

    def order(self, number: int) -> str:
        """One order's id."""
        return f"{self.mark}{_id(f'order-{self.number}', number)[8:]}"

    @property
    def paths(self) -> str:
        """What the paths of calls for its orders look like."""
        return f"*/orders/{self.mark}-*"


Place = tuple[Shop, int]


def shops(count: int) -> list[Shop]:
    """That many sites."""
    return [Shop(number=number, mark=f"{number:08x}") for number in range(count)]


@dataclass(frozen=True, slots=True)
class Wix:
    """The running sandbox, seen from outside."""

    url: str
    http: httpx.Client = field(repr=False)

    @property
    def settings(self) -> WixSettings:
        """How a worker calls it."""
        return WixSettings(
            _env_file=None,
            wix_api_url=self.url,
            wix_app_id="sandbox-app",
            wix_app_secret=SecretStr("sandbox-secret"),
            wix_calls_per_minute=CALLS_A_MINUTE,
        )

    def received(self, kind: str) -> list[dict[str, Any]]:
        """All messages, or all fulfillments, that it was told of."""
        answer = self.http.get("/admin/received", timeout=60)
        return list(answer.raise_for_status().json()[kind])

    def seed(self, places: Sequence[Place], *, store: bool = False) -> None:
        """Put these orders in place, of plans or of the store, each of a shop and with its buyer."""
        known = {shop.number: shop for shop, _ in places}.values()
        self._post(members=[_member(shop) for shop in known])
        self._post(contacts=[_contact(shop) for shop in known])
        self._post(subscriptions=[_subscription(shop) for shop in known])
        kind, made = ("storeOrders", _store_order) if store else ("planOrders", _plan_order)
        for begin in range(0, len(places), SEED_BATCH):
            self._post(**{kind: [made(shop, number) for shop, number in places[begin : begin + SEED_BATCH]]})

    def fault(self, **fault: Any) -> None:
        """Have calls go wrong from now on."""
        self.http.post("/admin/faults", json={"faults": [fault]}).raise_for_status()

    def heal(self) -> None:
        """Have all calls go well again."""
        self.http.post("/admin/faults", json={"faults": [], "replace": True}).raise_for_status()

    def _post(self, **what: list[dict[str, Any]]) -> None:
        self.http.post("/admin/seed", json=what, timeout=60).raise_for_status()


@contextmanager
def wix(folder: Path) -> Iterator[Wix]:
    """A sandbox Wix that adds no latency and knows no quota."""
    port, internal = quiet_port(), quiet_port()
    environment = os.environ | {
        "SANDBOX_PORT": str(port),
        "SANDBOX_INTERNAL_PORT": str(internal),
        "SANDBOX_CALLS_PER_MINUTE": str(CALLS_A_MINUTE),
        "WEBHOOK_URL": "",
        "DATA_DIR": str(folder),
    }
    command = [sys.executable, "-m", "sandbox", "wix"]
    room = Room(
        "wix",
        command,
        environment=environment,
        log=folder / "wix.log",
        ready_url=f"http://127.0.0.1:{internal}/readyz",
    )
    room.start()
    try:
        room.await_ready()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
            yield Wix(f"http://127.0.0.1:{port}", http)
    finally:
        room.stop()


def notice(shop: Shop, number: int) -> Effect:
    """The notice of the payment of one order."""
    transaction = _id(f"transaction-{shop.number}", number)
    return Effect(
        key=payment_notice_key(shop.site, transaction),
        flow=PAYMENT_NOTICE,
        instance_id=shop.site,
        order_id=shop.order(number),
        event_id=_id(f"event-{shop.number}", number),
        event_at=datetime.now(UTC),
        payload={
            "app_id": PRICING_PLANS_APP_ID,
            "transaction_id": transaction,
            "amount": "9.08",
            "currency": "EUR",
        },
    )


def handover(shop: Shop, number: int) -> Effect:
    """What is due once a warehouse has handed over one order."""
    return Effect(
        key=handover_key(shop.site, shop.order(number), "north", "box-1"),
        flow=FULFILLMENT,
        instance_id=shop.site,
        order_id=shop.order(number),
        event_id=_id(f"event-{shop.number}", number),
        event_at=datetime.now(UTC),
        payload={
            "mode": "handover",
            "warehouse": "north",
            "key": "box-1",
            "lines": [{"id": LINE, "quantity": 2}],
            "tracking_number": f"{shop.number}-{number}",
            "shipping_provider": "fedex",
            "tracking_link": None,
        },
    )


def _store_order(shop: Shop, number: int) -> dict[str, Any]:
    line = {
        "id": LINE,
        "quantity": 2,
        "itemType": {"preset": "PHYSICAL"},
        "physicalProperties": {"shippable": True},
    }
    order = {
        "id": shop.order(number),
        "number": str(number),
        "status": "APPROVED",
        "paymentStatus": "PAID",
        "fulfillmentStatus": "NOT_FULFILLED",
        "createdDate": _now(),
        "updatedDate": _now(),
        "lineItems": [line],
    }
    return {"instanceId": shop.site, "order": order}


def _plan_order(shop: Shop, number: int) -> dict[str, Any]:
    price = {"subtotal": "7.5", "discount": "0", "total": "9.08", "currency": "EUR"}
    order = {
        "id": shop.order(number),
        "planName": "Studio Pass",
        "buyer": {"memberId": shop.member, "contactId": _id("contact", shop.number)},
        "pricing": {
            "subscription": {"cycleDuration": {"count": 1, "unit": "MONTH"}, "cycleCount": 0},
            "prices": [{"duration": {"cycleFrom": 1}, "price": price}],
        },
        "type": "ONLINE",
        "status": "ACTIVE",
        "lastPaymentStatus": "PAID",
        "startDate": _now(),
        "createdDate": _now(),
        "updatedDate": _now(),
    }
    return {"instanceId": shop.site, "order": order}


def _member(shop: Shop) -> dict[str, Any]:
    contact = {"contactId": _id("contact", shop.number), "firstName": "Dana"}
    member = {
        "id": shop.member,
        "loginEmail": _address(shop),
        "contactId": contact["contactId"],
        "contact": contact,
    }
    return {"instanceId": shop.site, "member": member}


def _contact(shop: Shop) -> dict[str, Any]:
    contact = {
        "id": _id("contact", shop.number),
        "primaryInfo": {"email": _address(shop)},
        "info": {"name": {"first": "Dana"}, "locale": "en-us"},
    }
    return {"instanceId": shop.site, "contact": contact}


def _subscription(shop: Shop) -> dict[str, Any]:
    return {
        "instanceId": shop.site,
        "email": _address(shop),
        "subscriptionStatus": "SUBSCRIBED",
        "deliverabilityStatus": "VALID",
    }


def _address(shop: Shop) -> str:
    return f"buyer-{shop.number}@example.com"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _id(kind: str, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind}-{number}"))
