"""A site at the sandbox Wix where plans are sold: plans, coupons of all kinds, orders in every state."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from sandbox.wix_api.server import running
from sandbox.wix_api.settings import WixApiSettings
from tests.streams.wix_site import ACCESS_SECRET, CONTACT, MEMBER, SITE, SandboxSite, a_member

NOW = datetime.now(UTC)
PLAN = "77777777-7777-4777-8777-777777777777"
TRIAL_PLAN = "77777777-7777-4777-8777-777777777778"
OTHER_PLAN = "77777777-7777-4777-8777-777777777779"
OTHER_MEMBER = "22222222-2222-4222-8222-222222222223"
NOBODY = "99999999-9999-4999-8999-999999999990"

_numbers = itertools.count(1)

# One coupon for each way in which Wix refuses one.
REFUSED_COUPONS = {
    "NOTHERE": "ERROR_COUPON_DOES_NOT_EXIST",
    "OFF": "ERROR_COUPON_IS_DISABLED",
    "EARLY": "ERROR_COUPON_IS_NOT_ACTIVE_YET",
    "LATE": "ERROR_COUPON_HAS_EXPIRED",
    "USEDUP": "ERROR_COUPON_USAGE_EXCEEDED",
    "ONCE": "ERROR_COUPON_LIMIT_PER_CUSTOMER_EXCEEDED",
    "ELSEWHERE": "ERROR_COUPON_NOT_APPLICABLE_FOR_PLAN",
    "RICH": "ERROR_INVALID_SUBTOTAL",
}


@dataclass(frozen=True, kw_only=True)
class PlanSite:
    """The site, and the ways to prepare and to look at it."""

    site: SandboxSite
    http: httpx.Client = field(repr=False)

    def reset(self) -> None:
        """Everything as at the start."""
        self.http.post("/admin/reset", json={})
        self.site.seed(
            sites=[{"name": "Demo Studio"}],
            plans=[
                {"plan": a_plan(PLAN, name="Studio Pass")},
                {"plan": a_plan(TRIAL_PLAN, trial_days=14, maxPurchasesPerBuyer=1)},
                {"plan": a_plan(OTHER_PLAN)},
            ],
            coupons=[{"coupon": coupon} for coupon in coupons()],
            members=[{"member": a_member()}, {"member": a_member(id=OTHER_MEMBER)}],
        )

    def order(self, **changed: Any) -> str:
        """Put an order of the member's in place; its id."""
        order = an_order(**changed)
        self.site.seed(planOrders=[{"order": order}])
        return str(order["id"])

    def wire(self, order_id: str) -> dict[str, Any]:
        """The order as Wix has it."""
        return dict(self.as_app("GET", f"/pricing-plans/v2/orders/{order_id}")["order"])

    def orders(self) -> list[dict[str, Any]]:
        """All orders that Wix has."""
        return list(self.as_app("GET", "/pricing-plans/v2/orders")["orders"])

    def as_app(self, method: str, path: str) -> Any:
        """One call beside the one that is tested."""
        credentials = {
            "grant_type": "client_credentials",
            "client_id": "sandbox-app",
            "client_secret": "sandbox-secret",
            "instance_id": SITE,
        }
        token = self.http.post("/oauth2/token", json=credentials).json()["access_token"]
        answer = self.http.request(method, path, headers={"Authorization": token})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def member_token(self, member_id: str = MEMBER) -> str:
        """What a member gets by logging in."""
        answer = self.http.post("/admin/tokens", json={"instanceId": SITE, "memberId": member_id})
        return str(answer.json()["access_token"])


@contextmanager
def plan_site(folder: Path) -> Iterator[PlanSite]:
    """The site, running; `reset` it before each use."""
    settings = WixApiSettings(
        _env_file=None,
        sandbox_port=0,
        sandbox_internal_port=0,
        webhook_url="",
        data_dir=folder,
        sandbox_calls_per_minute=100_000,
        access_secret=SecretStr(ACCESS_SECRET),
    )
    with running(settings) as wix, httpx.Client(base_url=wix.url) as http:
        site = SandboxSite(wix.url)
        try:
            yield PlanSite(site=site, http=http)
        finally:
            site.close()


def a_plan(plan_id: str, *, trial_days: int | None = None, **changed: Any) -> dict[str, Any]:
    """Twelve months at 15.00 a month."""
    pricing: dict[str, Any] = {
        "subscription": {"cycleDuration": {"count": 1, "unit": "MONTH"}, "cycleCount": 12},
        "price": {"value": "15.00", "currency": "EUR"},
    }
    if trial_days:
        pricing["freeTrialDays"] = trial_days
    return {"id": plan_id, "pricing": pricing} | changed


def coupons() -> list[dict[str, Any]]:
    """HALF is good; the others are each refused for a reason of their own."""
    kinds: dict[str, dict[str, Any]] = {
        "HALF": {},
        "OFF": {"active": False},
        "EARLY": {"startTime": iso(NOW + timedelta(days=9))},
        "LATE": {"expirationTime": iso(NOW - timedelta(days=9))},
        "USEDUP": {"usageLimit": 1},
        "ONCE": {"limitPerCustomer": 1},
        "ELSEWHERE": {"planIds": [OTHER_PLAN]},
        "RICH": {"minimumSubtotal": "1000"},
    }
    return [
        {"id": coupon_id(number), "code": code, "percentOffRate": 50, **limits}
        for number, (code, limits) in enumerate(kinds.items())
    ]


def coupon_id(number: int) -> str:
    return f"88888888-8888-4888-8888-{number:012d}"


def an_order(**changed: Any) -> dict[str, Any]:
    """An offline order of twelve months, not paid yet, begun ten days ago."""
    begun = NOW - timedelta(days=10)
    price = {"subtotal": "15.00", "discount": "0", "total": "15.00", "currency": "EUR"}
    order = {
        "id": f"44444444-4444-4444-8444-{next(_numbers):012d}",
        "planId": OTHER_PLAN,
        "planName": "Studio Pass",
        "planPrice": "15.00",
        "subscriptionId": "45454545-4444-4444-8444-444444444444",
        "wixPayOrderId": "46464646-4444-4444-8444-444444444444",
        "buyer": {"memberId": MEMBER, "contactId": CONTACT},
        "pricing": {
            "subscription": {"cycleDuration": {"count": 1, "unit": "MONTH"}, "cycleCount": 12},
            "prices": [{"duration": {"cycleFrom": 1, "numberOfCycles": 12}, "price": price}],
        },
        "type": "OFFLINE",
        "status": "ACTIVE",
        "autoRenewCanceled": False,
        "lastPaymentStatus": "UNPAID",
        "startDate": iso(begun),
        "endDate": iso(begun + timedelta(days=365)),
        "earliestEndDate": iso(begun + timedelta(days=365)),
        "currentCycle": {
            "index": 1,
            "startedDate": iso(begun),
            "endedDate": iso(begun + timedelta(days=30)),
        },
        "pausePeriods": [],
        "createdDate": iso(begun),
        "updatedDate": iso(begun),
    }
    return order | changed


def a_used_coupon(code: str) -> dict[str, Any]:
    """Pricing of an order that used a coupon, for `an_order`."""
    number = [coupon["code"] for coupon in coupons()].index(code)
    coupon = {"code": code, "amount": "7.50", "id": coupon_id(number)}
    price = {
        "subtotal": "15.00",
        "coupon": coupon,
        "discount": "7.50",
        "total": "7.50",
        "currency": "EUR",
    }
    return {
        "subscription": {"cycleDuration": {"count": 1, "unit": "MONTH"}, "cycleCount": 12},
        "prices": [{"duration": {"cycleFrom": 1, "numberOfCycles": 12}, "price": price}],
    }


def paused() -> dict[str, Any]:
    """What makes an order a paused one, for `an_order`."""
    period = {"status": "ACTIVE", "pauseDate": iso(NOW - timedelta(days=1))}
    return {"status": "PAUSED", "pausePeriods": [period]}


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
