"""A site that sells plans, called in process: what tests of plan orders share."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.wix_api.app import ENDPOINTS
from sandbox.wix_api.call import Call, Endpoint
from sandbox.wix_api.clock import Clock
from sandbox.wix_api.events import Event
from sandbox.wix_api.plans.change import declined, paid, start_changed
from sandbox.wix_api.refusal import Refusal
from sandbox.wix_api.seed import Seed, sow
from sandbox.wix_api.settings import WixApiSettings
from sandbox.wix_api.tokens import Caller
from sandbox.wix_api.wire import read
from sandbox.wix_api.world import World

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
SITE = "3bbcabc7-ebb7-4fc8-8829-13ea0e142123"
MEMBER = "68cc787f-0314-5c7b-81e1-a36d1c398c19"
OTHER_MEMBER = "b583750f-da9a-54ec-ad15-c514e0394b5a"
CONTACT = "0164febf-1414-56a2-a920-31463d94a45a"

APP = Caller(instance_id=SITE, kind="APP", id="sandbox-app")
BUYER = Caller(instance_id=SITE, kind="MEMBER", id=MEMBER)
OTHER_BUYER = Caller(instance_id=SITE, kind="MEMBER", id=OTHER_MEMBER)
VISITOR = Caller(instance_id=SITE, kind="VISITOR", id="c2d6b1ed-c200-5f19-bd35-4ff899cc5e2d")

PLAN_ORDER = "wix.pricing_plans.v2.order_"

# What is told of an order that starts when it is made, with nothing to wait for.
BORN = ["created", "purchased", "updated", "started"]


def plan_id(number: int) -> str:
    """The id of the n-th plan."""
    return f"00000000-0000-4000-8000-{number:012d}"


def recurring(unit: str, cycles: int, *, value: str = "15", trial: int = 0) -> dict[str, Any]:
    """Pricing of a subscription; 0 cycles are until canceled."""
    pricing = {"subscription": {"cycleDuration": {"count": 1, "unit": unit}, "cycleCount": cycles}}
    return {**pricing, **_priced(value), **({"freeTrialDays": trial} if trial else {})}


def once(unit: str | None, count: int = 1, *, value: str = "15") -> dict[str, Any]:
    """Pricing of a plan that is paid once, for a while or for ever."""
    if unit is None:
        return {"singlePaymentUnlimited": True, **_priced(value)}
    return {"singlePaymentForDuration": {"count": count, "unit": unit}, **_priced(value)}


def _priced(value: str) -> dict[str, Any]:
    return {"price": {"value": value, "currency": "EUR"}}


class PlanSite:
    """One site at Wix; `told` are the webhooks that it sent, `at` is its time."""

    def __init__(self) -> None:
        settings = WixApiSettings(_env_file=None, data_dir=Path("unused"), sandbox_calls_per_minute=10**9)
        self.told: list[Event] = []
        self.world = World(settings, tell=self.told.append, clock=Clock(lambda: START))
        members = [
            {"id": MEMBER, "contactId": CONTACT, "createdDate": "2025-01-01T00:00:00.000Z"},
            {"id": OTHER_MEMBER, "contactId": OTHER_MEMBER, "createdDate": "2025-01-02T00:00:00.000Z"},
        ]
        self.seed(members=[{"member": one} for one in members])

    def seed(self, **entities: list[dict[str, Any]]) -> None:
        """Put entities on the site."""
        body = {name: [{"instanceId": SITE, **one} for one in ones] for name, ones in entities.items()}
        sow(self.world, read(Seed, body))

    def offer(self, number: int = 1, pricing: dict[str, Any] | None = None, **plan: Any) -> str:
        """Offer a plan; its id."""
        offered = {"id": plan_id(number), "pricing": pricing or recurring("MONTH", 12), **plan}
        self.seed(plans=[{"plan": offered}])
        return plan_id(number)

    @property
    def now(self) -> datetime:
        """The site's time."""
        return self.world.clock.now()

    def pass_time(self, **duration: float) -> None:
        """Let time pass, with all that happens in it."""
        self.world.clock.offset += timedelta(**duration)
        self.world.catch_up()

    def call(self, method: str, path: str, body: Any = None, *, caller: Caller = APP, **query: Any) -> Any:
        """Call an endpoint in process; a refusal is raised."""
        endpoint, ids = _found(method, path)
        self.world.catch_up()
        site = self.world.site(caller.instance_id)
        return endpoint.handler(
            Call(
                world=self.world,
                site=site,
                caller=caller,
                path=ids,
                query=query,
                body=body or {},
                now=self.now,
                base_url="http://wix.test",
            )
        )

    def order(self, order_id: str) -> dict[str, Any]:
        """An order as it is now."""
        found: dict[str, Any] = self.call("GET", f"/pricing-plans/v2/orders/{order_id}")["order"]
        return found

    def buy(self, plan: str, *, online: bool = False, caller: Caller | None = None, **asked: Any) -> Any:
        """Order a plan: the owner for the member, or the member online."""
        if online:
            path, who = "/pricing-plans/v2/checkout/orders/online", caller or BUYER
            body = {"planId": plan, **asked}
        else:
            path, who = "/pricing-plans/v2/checkout/orders/offline", caller or APP
            body = {"planId": plan, "memberId": MEMBER, **asked}
        return self.call("POST", path, body, caller=who)["order"]

    def act(self, order_id: str, action: str, body: Any = None) -> None:
        """`cancel`, `pause` and so on, as the owner's app."""
        assert self.call("POST", f"/pricing-plans/v2/orders/{order_id}/{action}", body) == {}

    def postpone(self, order_id: str, end: str) -> None:
        """Move the end, as the owner's app."""
        assert self.call("PATCH", f"/pricing-plans/v2/orders/{order_id}", {"endDate": end}) == {}

    def request_cancellation(self, order_id: str, effective: str, *, caller: Caller = BUYER) -> None:
        """Cancel as the buyer."""
        path = f"/pricing-plans/v2/member/orders/{order_id}/cancel"
        assert self.call("POST", path, {"effectiveAt": effective}, caller=caller) == {}

    def pay(self, order_id: str, *, succeeds: bool = True) -> None:
        """The buyer's bank answers."""
        site = self.world.site(SITE)
        how = paid if succeeds else declined
        self.world.catch_up()
        self.world.happen(site, how(site.plan_orders.find(order_id), now=self.now))

    def change_start(self, order_id: str, start: datetime) -> None:
        """Move the start of a draft."""
        site = self.world.site(SITE)
        self.world.happen(site, start_changed(site.plan_orders.find(order_id), start, now=self.now))

    def heard(self) -> list[str]:
        """The slugs of the order webhooks sent since last asked; payments are `payment:STATUS`."""
        heard = [_slug(event) for event in self.told]
        self.told.clear()
        return heard


def _slug(event: Event) -> str:
    if event.event_type.startswith(PLAN_ORDER):
        return event.event_type.removeprefix(PLAN_ORDER)
    transaction = event.body["transactionStatusChangedEvent"]["transaction"]
    return f"payment:{transaction['status']}"


def _found(method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
    parts = path.split("/")
    for endpoint in ENDPOINTS:
        template = endpoint.path.split("/")
        if endpoint.method == method and len(template) == len(parts):
            pairs = list(zip(template, parts, strict=True))
            if all(name == part or name.startswith("{") for name, part in pairs):
                return endpoint, {name[1:-1]: part for name, part in pairs if name.startswith("{")}
    raise LookupError(f"{method} {path}")


def iso(**after: float) -> str:
    """A date so long after START, as a caller may write it."""
    return (START + timedelta(**after)).isoformat().replace("+00:00", "Z")


def shown(**after: float) -> str:
    """A date so long after START, as Wix answers it."""
    return (START + timedelta(**after)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def a_running(site: PlanSite, pricing: dict[str, Any] | None = None, **asked: Any) -> str:
    """An active offline order; what was told of its making is forgotten."""
    order_id = str(site.buy(site.offer(7, pricing), **asked)["id"])
    site.heard()
    return order_id


def refusal(site: PlanSite, order_id: str, action: str, body: Any = None) -> str:
    """The words in which a change is refused; nothing was changed and nothing told."""
    before = site.order(order_id)
    site.heard()
    doing = {
        "postpone": lambda: site.postpone(order_id, body),
        "requestCancellation": lambda: site.request_cancellation(order_id, body),
        "pay": lambda: site.pay(order_id),
    }
    with pytest.raises(Refusal) as refused:
        doing.get(action, lambda: site.act(order_id, action, body))()
    assert refused.value.status == 428
    assert refused.value.body["details"]["applicationError"]["code"] == "FAILED_PRECONDITION"
    assert site.order(order_id) == before
    assert site.heard() == []
    return str(refused.value.body["message"])
