"""Admin routes: seed the sandbox, see what it received, make calls fail, move its clock."""

import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.wix_api.clock import instant
from sandbox.wix_api.courier import Courier
from sandbox.wix_api.faults import Fault
from sandbox.wix_api.plans.change import Change, declined, paid, start_changed
from sandbox.wix_api.plans.term import Moment
from sandbox.wix_api.refusal import invalid_field
from sandbox.wix_api.rules import Rules
from sandbox.wix_api.seed import Entity, Seed, sow
from sandbox.wix_api.tokens import Caller
from sandbox.wix_api.wire import Guid, JsonObject, Wire, read
from sandbox.wix_api.world import World

_CENTURY_SECONDS = 100 * 365 * 86_400


class _FaultsBody(Wire):
    """Faults to add; `replace` disarms those armed before."""

    faults: list[Fault] = Field(default_factory=list)
    replace: bool = False


class _ClockBody(Wire):
    offset_seconds: float = Field(ge=-_CENTURY_SECONDS, le=_CENTURY_SECONDS)


class _TokensBody(Wire):
    """Whose token to make: without a member it is a visitor's."""

    instance_id: Guid
    member_id: Guid | None = None


class _OrderBody(Wire):
    instance_id: Guid
    order_id: Guid


class _PayBody(_OrderBody):
    succeeds: bool = True


class _StoreOrderBody(Wire):
    instance_id: Guid
    order: Entity


class _StartDateBody(_OrderBody):
    start_date: Moment


def routes(world: World, courier: Courier) -> list[Route]:
    """All admin routes. They need no token: the sandbox listens on loopback and holds nothing real."""
    doors = _Admin(world, courier)
    return [
        Route("/admin/seed", _posted(doors.seed), methods=["POST"]),
        Route("/admin/faults", _posted(doors.faults), methods=["POST"]),
        Route("/admin/clock", _posted(doors.clock), methods=["POST"]),
        Route("/admin/reset", _posted(doors.reset), methods=["POST"]),
        Route("/admin/tokens", _posted(doors.tokens), methods=["POST"]),
        Route("/admin/pay", _posted(doors.pay), methods=["POST"]),
        Route("/admin/store-orders", _posted(doors.store_order), methods=["POST"]),
        Route("/admin/start-date", _posted(doors.start_date), methods=["POST"]),
        Route("/admin/rules", _posted(doors.rules), methods=["POST"]),
        Route("/admin", doors.received, methods=["GET"]),
        Route("/admin/received", doors.received, methods=["GET"]),
    ]


class _Admin:
    def __init__(self, world: World, courier: Courier) -> None:
        self._world = world
        self._courier = courier

    def seed(self, body: Any) -> JsonObject:
        sow(self._world, read(Seed, body))
        return {"sites": len(self._world.sites)}

    def faults(self, body: Any) -> JsonObject:
        asked = read(_FaultsBody, body)
        if asked.replace:
            self._world.faults.forget()
        self._world.faults.add(asked.faults)
        return {"faults": self._world.faults.listed()}

    def clock(self, body: Any) -> JsonObject:
        self._world.clock.offset = timedelta(seconds=read(_ClockBody, body).offset_seconds)
        self._world.catch_up()
        return {"now": instant(self._world.clock.now())}

    def tokens(self, body: Any) -> JsonObject:
        asked = read(_TokensBody, body)
        visitor = str(uuid.uuid5(uuid.NAMESPACE_URL, f"visitor:{self._world.clock.sequence()}"))
        self._world.site(asked.instance_id)
        return self._world.tokens.grant(
            Caller(
                instance_id=asked.instance_id,
                kind="MEMBER" if asked.member_id else "VISITOR",
                id=asked.member_id or visitor,
            )
        )

    def pay(self, body: Any) -> JsonObject:
        asked = read(_PayBody, body)
        return self._changed(asked, paid if asked.succeeds else declined)

    def store_order(self, body: Any) -> JsonObject:
        asked = read(_StoreOrderBody, body)
        site = self._world.site(asked.instance_id)
        self._world.place(site, asked.order)
        return {"order": site.store_orders.get(asked.order["id"])}

    def start_date(self, body: Any) -> JsonObject:
        asked = read(_StartDateBody, body)
        return self._changed(asked, partial(start_changed, start=asked.start_date))

    def rules(self, body: Any) -> JsonObject:
        said = {**self._world.rules.model_dump(by_alias=True), **read(Rules, body).answer()}
        self._world.rules = read(Rules, said)
        return self._world.rules.model_dump(by_alias=True)

    def _changed(self, asked: _OrderBody, how: Callable[..., Change]) -> JsonObject:
        self._world.catch_up()
        site = self._world.site(asked.instance_id)
        order = site.plan_orders.find(asked.order_id)
        change = how(order, now=self._world.clock.now())
        buyer = Caller(
            instance_id=site.instance_id, kind="MEMBER", id=str(order.shown.get("buyer", {}).get("memberId"))
        )
        self._world.happen(site, change, identity=buyer.identity)
        return {"order": change.order.shown}

    def reset(self, _: Any) -> JsonObject:
        self._world.reset()
        self._courier.forget()
        return {}

    async def received(self, _: Request) -> Response:
        seen = self._world.received
        return JSONResponse(
            {
                "messages": seen.messages,
                "fulfillments": seen.fulfillments,
                "access": list(seen.access.values()),
                "requests": seen.requests,
                "webhooks": {"waiting": self._courier.waiting, "delivered": self._courier.delivered},
            }
        )


def _posted(answer: Callable[[Any], JsonObject]) -> Callable[[Request], Awaitable[Response]]:
    async def posted(request: Request) -> Response:
        raw = await request.body()
        try:
            body = json.loads(raw) if raw else {}
        except ValueError as error:
            raise invalid_field("body", "is not JSON", rule="FORMAT") from error
        return JSONResponse(answer(body))

    return posted
