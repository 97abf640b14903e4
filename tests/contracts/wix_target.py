"""Where the Wix contract is tried: on the sandbox, and on Wix itself when `WIX_TEST_*` says how."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from sandbox.wix_api.server import running
from sandbox.wix_api.settings import WixApiSettings
from tests.contracts.shapes import differences

REST = Path(__file__).parents[1] / "payloads" / "rest"
SITE = "3bbcabc7-ebb7-4fc8-8829-13ea0e142123"
VISITOR = "45492918-47c9-57ed-94ba-18c8b007cf84"


def payload(name: str) -> Any:
    """A documented request or answer."""
    return json.loads((REST / f"{name}.json").read_text())


class WixTestSettings(BaseSettings):
    """A site of one's own at Wix to try the contract on; without it the sandbox alone is tried.

    What is changed there (a message to the visitor, a fulfillment) is changed only with
    `WIX_TEST_CHANGES=true`.
    """

    model_config = SettingsConfigDict(env_prefix="WIX_TEST_", env_file=".env", extra="ignore")

    url: str = "https://www.wixapis.com"
    app_id: str = ""
    app_secret: SecretStr = SecretStr("")
    instance_id: str = ""
    plan_order_id: str = ""
    store_order_id: str = ""
    member_id: str = ""
    contact_id: str = ""
    email: str = ""
    visitor_id: str = ""
    plan_id: str = ""
    member_token: SecretStr = SecretStr("")
    changes: bool = False


@dataclass(frozen=True, kw_only=True)
class Target:
    """A Wix to call. `ids` names what may be asked for there; `is_ours` is true of the sandbox."""

    http: httpx.Client
    app_id: str
    app_secret: str
    instance_id: str
    is_ours: bool
    changes: bool
    member_token: str = ""
    ids: dict[str, str] = field(default_factory=dict)

    def id(self, name: str) -> str:
        """The id of something that is there, or the test is skipped."""
        if not self.ids.get(name):
            pytest.skip(f"WIX_TEST_{name.upper()} is not set")
        return self.ids[name]

    def arrange(self, **entities: list[dict[str, Any]]) -> None:
        """Put what a documented example speaks of on the sandbox's site; elsewhere the test is skipped."""
        if not self.is_ours:
            pytest.skip("what this example speaks of is not on that site")
        body = {name: [{"instanceId": SITE, **one} for one in ones] for name, ones in entities.items()}
        seeded = self.http.post("/admin/seed", json=body)
        assert seeded.status_code == 200, seeded.text

    def as_member(self) -> dict[str, str]:
        """Headers of a call that the member makes; it is skipped where no token of theirs is given."""
        if self.is_ours:
            who = {"instanceId": self.instance_id, "memberId": self.id("member_id")}
            return {"authorization": self.http.post("/admin/tokens", json=who).json()["access_token"]}
        if not self.member_token:
            pytest.skip("WIX_TEST_MEMBER_TOKEN is not set")
        return {"authorization": self.member_token}

    def may_change(self) -> None:
        """Skip the test where nothing may be changed."""
        if not self.changes:
            pytest.skip("WIX_TEST_CHANGES is not true")

    def ask_token(self, **changed: str) -> httpx.Response:
        """Ask for a token."""
        asked = {
            "grant_type": "client_credentials",
            "client_id": self.app_id,
            "client_secret": self.app_secret,
            "instance_id": self.instance_id,
        }
        return self.http.post("/oauth2/token", json={**asked, **changed})

    def call(self, method: str, path: str, *, query: Any = None, body: Any = None) -> Any:
        """Make a call that must succeed; the body of the answer."""
        answer = self.http.request(method, path, params=query, json=body)
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-wix-request-id"]
        return answer.json()

    def unlike(
        self, answer: Any, documented: Any, *, must: tuple[str, ...], ignore: tuple[str, ...] = ()
    ) -> list[str]:
        """Where the answer has not the documented shape, in words; nothing when it has.

        The sandbox holds the documented entity, so everything must be there; a site at Wix
        holds another one and omits what has no value, so only `must` has to.
        """
        missing = [path for path in must if not _has(answer, path)]
        found = differences(answer, documented, ignore=ignore)
        if not self.is_ours:
            found = [one for one in found if not one.endswith((" is missing", " is empty"))]
        return [f"{path} must be there" for path in missing] + found


def _has(answer: Any, path: str) -> bool:
    for name in path.split("."):
        answer = answer[0] if isinstance(answer, list) and answer else answer
        if not isinstance(answer, dict) or name not in answer:
            return False
        answer = answer[name]
    return True


@contextmanager
def the_sandbox(folder: Path) -> Iterator[Target]:
    """The sandbox with the documented entities on one site."""
    settings = WixApiSettings(
        _env_file=None, sandbox_port=0, sandbox_internal_port=0, webhook_url="", data_dir=folder
    )
    with running(settings) as wix, httpx.Client(base_url=wix.url) as http:
        seeded = http.post("/admin/seed", json=_documented())
        assert seeded.status_code == 200, seeded.text
        yield _authorized(
            Target(
                http=http,
                app_id=settings.wix_app_id,
                app_secret=settings.wix_app_secret.get_secret_value(),
                instance_id=SITE,
                is_ours=True,
                changes=True,
                ids=_documented_ids(),
            )
        )


@contextmanager
def the_real_one() -> Iterator[Target]:
    """The site at Wix that `WIX_TEST_*` names, or the test is skipped."""
    given = WixTestSettings()
    if not (given.app_id and given.app_secret.get_secret_value() and given.instance_id):
        pytest.skip("WIX_TEST_APP_ID, WIX_TEST_APP_SECRET and WIX_TEST_INSTANCE_ID are not set")
    with httpx.Client(base_url=given.url, timeout=30) as http:
        yield _authorized(
            Target(
                http=http,
                app_id=given.app_id,
                app_secret=given.app_secret.get_secret_value(),
                instance_id=given.instance_id,
                is_ours=False,
                changes=given.changes,
                member_token=given.member_token.get_secret_value(),
                ids={
                    name: str(value) for name, value in given.model_dump().items() if isinstance(value, str)
                },
            )
        )


def _authorized(target: Target) -> Target:
    target.http.headers["authorization"] = target.ask_token().json()["access_token"]
    return target


def _documented_ids() -> dict[str, str]:
    return {
        "plan_order_id": payload("get_order.answer")["order"]["id"],
        "store_order_id": payload("store_order.entity")["id"],
        "shipped_order_id": payload("list_fulfillments.answer")["orderWithFulfillments"]["orderId"],
        "member_id": payload("get_member__full.answer")["member"]["id"],
        "contact_id": payload("get_contact__full.answer")["contact"]["id"],
        "email": "one@example.com",
        "visitor_id": VISITOR,
        "plan_id": payload("create_offline_order__unpaid.request")["planId"],
    }


def _documented() -> dict[str, Any]:
    shipped = payload("list_fulfillments.answer")["orderWithFulfillments"]
    order = payload("store_order.entity")
    orders = [payload("get_order.answer")["order"]]
    for name in ("all", "by_status"):
        orders += payload(f"list_orders__{name}.answer")["orders"]
    subscriptions = payload("query_email_subscriptions.answer")["email_subscriptions"]
    entities: dict[str, list[Any]] = {
        "planOrders": [{"order": one} for one in orders],
        "storeOrders": [{"order": order}, {"order": {**order, "id": shipped["orderId"]}}],
        "fulfillments": [shipped],
        "plans": [{"plan": one} for one in _plans()],
        "members": [
            {"member": payload("get_member__full.answer")["member"]},
            *({"member": {"id": one, "contactId": one}} for one in _buyers()),
        ],
        "contacts": [{"contact": payload("get_contact__full.answer")["contact"]}],
        "subscriptions": subscriptions,
    }
    on_site = {name: [{"instanceId": SITE, **one} for one in ones] for name, ones in entities.items()}
    return {"sites": [{"instanceId": SITE, "name": "Demo Studio"}], **on_site}


def _plans() -> list[dict[str, Any]]:
    """The plans of the documented examples, as their orders show them."""
    days: dict[str, Any] = {"subscription": {"cycleDuration": {"count": 1, "unit": "DAY"}, "cycleCount": 3}}
    months: dict[str, Any] = {"subscription": {"cycleDuration": {"count": 1, "unit": "MONTH"}}}
    asked = {
        "create_offline_order__paid": ("Day Pass", days, "100"),
        "create_offline_order__unpaid": ("Day Pass", days, "100"),
        "preview_offline_order": ("Climbing Gym", months, "15"),
        "preview_price": ("Climbing Gym", months, "15"),
    }
    return [
        {
            "id": payload(f"{name}.request")["planId"],
            "name": plan,
            "description": "Indoor climbing",
            "pricing": {**model, "price": {"value": price, "currency": "EUR"}},
        }
        for name, (plan, model, price) in asked.items()
    ]


def _buyers() -> set[str]:
    names = ("create_offline_order__paid", "create_offline_order__unpaid", "preview_offline_order")
    return {payload(f"{name}.request")["memberId"] for name in names}
