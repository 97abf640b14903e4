"""Admin routes: seed the sandbox, see what it received, make calls fail, move its clock."""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.wix_api.clock import instant
from sandbox.wix_api.courier import Courier
from sandbox.wix_api.faults import Fault
from sandbox.wix_api.refusal import invalid_field
from sandbox.wix_api.seed import Seed, sow
from sandbox.wix_api.wire import JsonObject, Wire, read
from sandbox.wix_api.world import World


class _FaultsBody(Wire):
    """Faults to add; `replace` disarms those armed before."""

    faults: list[Fault] = Field(default_factory=list)
    replace: bool = False


class _ClockBody(Wire):
    offset_seconds: float


def routes(world: World, courier: Courier) -> list[Route]:
    """All admin routes. They need no token: the sandbox listens on loopback and holds nothing real."""
    doors = _Admin(world, courier)
    return [
        Route("/admin/seed", _posted(doors.seed), methods=["POST"]),
        Route("/admin/faults", _posted(doors.faults), methods=["POST"]),
        Route("/admin/clock", _posted(doors.clock), methods=["POST"]),
        Route("/admin/reset", _posted(doors.reset), methods=["POST"]),
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
        return {"now": instant(self._world.clock.now())}

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
                "access": [],
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
