"""Gate: what every call meets first. Faults that were asked for, a request id, a count."""

import asyncio
import json
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.wix_api.faults import HEADER, Fault, brought
from sandbox.wix_api.metrics import Metrics
from sandbox.wix_api.refusal import Refusal
from sandbox.wix_api.world import World

ADMIN = "/admin"


class ConnectionCut(ConnectionResetError):
    """The connection would be cut here; raised where the server has none to cut."""


class Gate:
    """Wraps the application. Admin calls pass it unhindered."""

    def __init__(self, app: ASGIApp, world: World, metrics: Metrics) -> None:
        self._app = app
        self._world = world
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call, or have it go wrong."""
        if scope["type"] != "http" or _is_admin(scope["path"]):
            await self._app(scope, receive, send)
            return
        self._world.received.requests += 1
        named = self._named(scope, send)
        try:
            fault = self._fault(scope)
        except Refusal as refusal:
            await _answer(Fault(status=refusal.status, body=refusal.body), named)
            return
        if fault is None:
            await self._app(scope, receive, named)
        elif fault.cut is not None:
            await self._cut(fault, scope, receive, send)
        else:
            await asyncio.sleep(fault.delay_seconds)
            await (_answer(fault, named) if fault.status else self._app(scope, receive, named))

    def _fault(self, scope: Scope) -> Fault | None:
        own = Headers(scope=scope).get(HEADER)
        if own is not None:
            return brought(own)
        return self._world.faults.take(scope["method"], scope["path"])

    async def _cut(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.cut == "after":
            await self._app(scope, receive, _unheard)
            await asyncio.sleep(fault.delay_seconds)
        self._metrics.count(scope, "cut")
        # ASGI has no message for it, so uvicorn's own connection is reached for.
        transport: Any = getattr(getattr(send, "__self__", None), "transport", None)
        if transport is None:
            raise ConnectionCut("cut on demand")
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass

    def _named(self, scope: Scope, send: Send) -> Send:
        now = self._world.clock.now()
        request_id = f"{now.timestamp():.3f}{self._world.received.requests:09d}".encode()

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-wix-request-id", request_id)]
                self._metrics.count(scope, str(message["status"]))
            await send(message)

        return named


async def _unheard(message: Message) -> None:
    """Take an answer that nobody will get."""


async def _answer(fault: Fault, send: Send) -> None:
    text = fault.body if isinstance(fault.body, str) else json.dumps(_body(fault))
    headers = {"content-type": "application/json", **fault.headers}
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": fault.status, "headers": pairs})
    await send({"type": "http.response.body", "body": text.encode()})


def _body(fault: Fault) -> Any:
    return {"message": "", "details": {}} if fault.body is None else fault.body


def _is_admin(path: str) -> bool:
    return path == ADMIN or path.startswith(f"{ADMIN}/")
