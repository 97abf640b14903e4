"""One site on the sandbox Wix, with a buyer and orders, for tests of what we do there."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from ingest.catalogue import PRICING_PLANS_APP_ID
from sandbox.wix_api.server import running
from sandbox.wix_api.settings import WixApiSettings
from streams.effect import (
    FULFILLMENT,
    PAYMENT_NOTICE,
    PURCHASE_NOTICE,
    Effect,
    handover_key,
    immediate_key,
    payment_notice_key,
    purchase_notice_key,
)
from streams.settings import WixSettings

NOW = datetime.now(UTC)

SITE = "11111111-1111-4111-8111-111111111111"
MEMBER = "22222222-2222-4222-8222-222222222222"
CONTACT = "33333333-3333-4333-8333-333333333333"
PLAN_ORDER = "44444444-4444-4444-8444-444444444444"
STORE_ORDER = "55555555-5555-4555-8555-555555555555"
TRANSACTION = "66666666-6666-4666-8666-666666666666"

# What the receiver of access changes verifies with.
ACCESS_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

SHIRT = "00000000-0000-0000-0000-000000000001"
EBOOK = "00000000-0000-0000-0000-000000000002"

MEMBERS_ADDRESS = "dana@example.com"
CONTACTS_ADDRESS = "office@example.com"


class SandboxSite:
    """A running sandbox Wix and its admin routes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url)

    def begin_anew(self) -> None:
        """As at the start: one buyer, a plan order and a store order."""
        self._post("/admin/reset", {})
        self.seed(
            sites=[{"name": "Demo Studio"}],
            planOrders=[{"order": a_plan_order()}],
            storeOrders=[{"order": a_store_order()}],
            members=[{"member": a_member()}],
            contacts=[{"contact": a_contact()}],
            subscriptions=[a_subscription(MEMBERS_ADDRESS), a_subscription(CONTACTS_ADDRESS)],
        )

    def seed(self, **what: list[dict[str, Any]]) -> None:
        """Put orders and people in place on the site, by id."""
        body = {kind: [{"instanceId": SITE, **one} for one in things] for kind, things in what.items()}
        self._post("/admin/seed", body)

    def fault(self, **fault: Any) -> None:
        """Have the next matching call go wrong."""
        self._post("/admin/faults", {"faults": [fault]})

    def heal(self) -> None:
        """Have all calls go well again."""
        self._post("/admin/faults", {"faults": [], "replace": True})

    def clock(self, *, hours: float) -> None:
        """Set Wix's clock so far before ours, or behind it."""
        self._post("/admin/clock", {"offsetSeconds": hours * 3600})

    @property
    def received(self) -> Any:
        """What the sandbox was told to do."""
        return self._http.get("/admin/received").raise_for_status().json()

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Every message that was sent."""
        return list(self.received["messages"])

    @property
    def fulfillments(self) -> list[dict[str, Any]]:
        """Every fulfillment that was created."""
        return list(self.received["fulfillments"])

    @property
    def access(self) -> list[dict[str, Any]]:
        """Every change of access that the receiver took."""
        return list(self.received["access"])

    def settings(self, **changed: Any) -> WixSettings:
        """How our app calls this Wix."""
        given: dict[str, Any] = {
            "wix_api_url": self.url,
            "wix_app_id": "sandbox-app",
            "wix_app_secret": SecretStr("sandbox-secret"),
            "wix_timeout_seconds": 10.0,
        }
        return WixSettings(_env_file=None, **(given | changed))

    def close(self) -> None:
        """Let go of the admin connection."""
        self._http.close()

    def _post(self, path: str, body: dict[str, Any]) -> None:
        answer = self._http.post(path, json=body)
        assert answer.status_code == 200, answer.text


@contextmanager
def sandbox_site(folder: Path, **changed: Any) -> Iterator[SandboxSite]:
    """A sandbox Wix with one site, a subscribed buyer, a paid plan order and an approved store order."""
    settings = WixApiSettings(
        _env_file=None, sandbox_port=0, sandbox_internal_port=0, webhook_url="", data_dir=folder
    )
    with running(settings.model_copy(update=changed)) as wix:
        site = SandboxSite(wix.url)
        try:
            site.begin_anew()
            yield site
        finally:
            site.close()


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def a_plan_order(**changed: Any) -> dict[str, Any]:
    """A monthly plan at €9.08, bought online and paid."""
    price = {"subtotal": "7.5", "discount": "0", "total": "9.08", "currency": "EUR"}
    order = {
        "id": PLAN_ORDER,
        "planName": "Studio Pass",
        "buyer": {"memberId": MEMBER, "contactId": CONTACT},
        "pricing": {
            "subscription": {"cycleDuration": {"count": 1, "unit": "MONTH"}, "cycleCount": 0},
            "prices": [{"duration": {"cycleFrom": 1}, "price": price}],
        },
        "type": "ONLINE",
        "status": "ACTIVE",
        "lastPaymentStatus": "PAID",
        "startDate": "2026-03-04T10:00:00.000Z",
        "createdDate": iso(NOW),
        "updatedDate": iso(NOW),
    }
    return order | changed


def a_store_order(**changed: Any) -> dict[str, Any]:
    """Two shirts and an e-book, paid, nothing shipped."""
    order = {
        "id": STORE_ORDER,
        "number": "10002",
        "status": "APPROVED",
        "paymentStatus": "PAID",
        "fulfillmentStatus": "NOT_FULFILLED",
        "createdDate": iso(NOW),
        "updatedDate": iso(NOW),
        "lineItems": [a_line(SHIRT, 2), a_line(EBOOK, 1, preset="DIGITAL", shippable=False)],
    }
    return order | changed


def a_line(
    line_id: str, quantity: int, *, preset: str = "PHYSICAL", shippable: bool = True
) -> dict[str, Any]:
    return {
        "id": line_id,
        "quantity": quantity,
        "itemType": {"preset": preset},
        "physicalProperties": {"shippable": shippable},
    }


def a_member(**changed: Any) -> dict[str, Any]:
    member = {
        "id": MEMBER,
        "loginEmail": MEMBERS_ADDRESS,
        "contactId": CONTACT,
        "contact": {"contactId": CONTACT, "firstName": "Dana"},
    }
    return member | changed


def a_contact(**changed: Any) -> dict[str, Any]:
    contact = {
        "id": CONTACT,
        "primaryInfo": {"email": CONTACTS_ADDRESS},
        "info": {"name": {"first": "Dana"}, "locale": "en-us"},
    }
    return contact | changed


def a_subscription(email: str, status: str = "SUBSCRIBED", deliverability: str = "VALID") -> dict[str, Any]:
    return {"email": email, "subscriptionStatus": status, "deliverabilityStatus": deliverability}


def a_payment_notice(*, age: timedelta = timedelta(), **payload: Any) -> Effect:
    """The notice of one payment of €9.08; a new transaction each time, unless it is given."""
    transaction = str(payload.get("transaction_id", uuid.uuid4()))
    facts = {"app_id": PRICING_PLANS_APP_ID, "amount": "9.08", "currency": "EUR"}
    return Effect(
        key=payment_notice_key(SITE, transaction),
        flow=PAYMENT_NOTICE,
        instance_id=SITE,
        order_id=PLAN_ORDER,
        event_id=str(uuid.uuid4()),
        event_at=NOW - age,
        payload=facts | {"transaction_id": transaction} | payload,
    )


def a_purchase_notice(*, age: timedelta = timedelta()) -> Effect:
    return Effect(
        key=purchase_notice_key(SITE, PLAN_ORDER),
        flow=PURCHASE_NOTICE,
        instance_id=SITE,
        order_id=PLAN_ORDER,
        event_id=str(uuid.uuid4()),
        event_at=NOW - age,
    )


def an_immediate_fulfillment(*, age: timedelta = timedelta()) -> Effect:
    return Effect(
        key=immediate_key(SITE, STORE_ORDER),
        flow=FULFILLMENT,
        instance_id=SITE,
        order_id=STORE_ORDER,
        event_id=str(uuid.uuid4()),
        event_at=NOW - age,
        payload={"mode": "immediate"},
    )


def a_handover(
    lines: list[dict[str, Any]] | None = None,
    *,
    key: str = "box-1",
    tracking_number: str = "12345",
    order_id: str = STORE_ORDER,
) -> Effect:
    """One shirt left by fedex, unless told otherwise."""
    return Effect(
        key=handover_key(SITE, order_id, "north", key),
        flow=FULFILLMENT,
        instance_id=SITE,
        order_id=order_id,
        event_id=str(uuid.uuid4()),
        event_at=NOW,
        payload={
            "mode": "handover",
            "warehouse": "north",
            "key": key,
            "lines": [{"id": SHIRT, "quantity": 1}] if lines is None else lines,
            "tracking_number": tracking_number,
            "shipping_provider": "fedex",
            "tracking_link": None,
        },
    )
