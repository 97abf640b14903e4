"""The sandbox Wix as tests call it: one site with an order, a member, a contact and a store order."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from sandbox.wix_api.clock import Clock
from sandbox.wix_api.events import Event
from sandbox.wix_api.server import running
from sandbox.wix_api.settings import WixApiSettings
from sandbox.wix_api.world import World

REST = Path(__file__).parents[1] / "payloads" / "rest"

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SITE = "3bbcabc7-ebb7-4fc8-8829-13ea0e142123"
OTHER_SITE = "cbf886c7-74de-58e5-8c49-4365b3ecbc87"
NOBODY = "00000000-0000-4000-8000-000000000000"

LINE = "00000000-0000-0000-0000-000000000001"
OTHER_LINE = "00000000-0000-0000-0000-000000000002"


def payload(name: str) -> Any:
    """A documented request, answer or entity."""
    return json.loads((REST / f"{name}.json").read_text())


PLAN_ORDER = payload("get_order.answer")["order"]
MEMBER = payload("get_member__full.answer")["member"]
CONTACT = payload("get_contact__full.answer")["contact"]
STORE_ORDER = payload("store_order.entity")


class Wix:
    """Calls the sandbox as an app on one site; `told` are the events that Wix would post."""

    def __init__(self, http: httpx.Client, world: World, told: list[Event]) -> None:
        self.http = http
        self.world = world
        self.told = told

    def seed(self, instance_id: str = SITE, **entities: Any) -> None:
        """Put entities on a site: `plan_order=`, `member=` and so on, or lists under their admin names."""
        body = {name: [{"instanceId": instance_id, **one} for one in ones] for name, ones in entities.items()}
        self.admin("seed", body)

    def admin(self, name: str, body: Any) -> Any:
        """Post to an admin route that must succeed."""
        answer = self.http.post(f"/admin/{name}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def received(self) -> Any:
        """What the sandbox was told to do."""
        return self.http.get("/admin/received").json()

    def token(self, instance_id: str = SITE) -> str:
        """A fresh token."""
        return str(self.ask_token(instance_id=instance_id).json()["access_token"])

    def ask_token(self, **changed: Any) -> httpx.Response:
        """Ask for a token, with the right credentials unless changed."""
        asked = {
            "grant_type": "client_credentials",
            "client_id": "sandbox-app",
            "client_secret": "sandbox-secret",
            "instance_id": SITE,
        }
        return self.http.post("/oauth2/token", json={**asked, **changed})

    def get(self, path: str, **query: Any) -> httpx.Response:
        """Call with the site's token; dots in names are written as two underscores."""
        return self.http.get(path, params={name.replace("__", "."): value for name, value in query.items()})

    def post(self, path: str, body: Any) -> httpx.Response:
        """Call with the site's token."""
        return self.http.post(path, json=body)

    def pass_time(self, **duration: float) -> None:
        """Move the sandbox's clock."""
        self.world.clock.offset += timedelta(**duration)


@contextmanager
def a_wix(folder: Path, **settings: Any) -> Iterator[Wix]:
    """A sandbox Wix on a free port whose clock stands at START until it is moved."""
    told: list[Event] = []
    fixed = {"sandbox_port": 0, "sandbox_internal_port": 0, "webhook_url": "", "data_dir": folder}
    chosen = WixApiSettings(_env_file=None, **{**fixed, **settings})
    with (
        running(chosen, tell=told.append, clock=Clock(lambda: START)) as server,
        httpx.Client(base_url=server.url) as http,
    ):
        yield Wix(http, server.world, told)


def furnish(wix: Wix) -> Wix:
    """Begin anew with one of everything on SITE, an empty OTHER_SITE, and a token for SITE."""
    wix.admin("reset", {})
    wix.told.clear()
    wix.seed(
        sites=[{"name": "Demo Studio"}],
        planOrders=[{"order": PLAN_ORDER}],
        members=[{"member": MEMBER}],
        contacts=[{"contact": CONTACT}],
        storeOrders=[{"order": STORE_ORDER}],
    )
    wix.seed(OTHER_SITE, sites=[{}])
    wix.http.headers["authorization"] = wix.token()
    return wix


def violations(answer: httpx.Response) -> dict[str, str]:
    """Field and rule of each violation of a 400."""
    assert answer.status_code == 400, answer.text
    found = answer.json()["details"]["validationError"]["fieldViolations"]
    return {one["field"]: one["violatedRule"] for one in found}


def code(answer: httpx.Response) -> tuple[int, str]:
    """Status and application error code of a refusal."""
    return answer.status_code, answer.json()["details"]["applicationError"]["code"]
