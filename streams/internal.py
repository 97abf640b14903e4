"""The internal port: /healthz (alive), /readyz (does its work), /metrics (Prometheus)."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator
from types import TracebackType
from typing import Self

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ingest.impatience import impatient
from streams.running import Refusal

# What is missing before it does its work, in words; empty when nothing is.
Missing = Callable[[], Awaitable[list[str]]]
Refresh = Callable[[], Awaitable[None]]
# Metrics tell of customers and volumes: who wants them from elsewhere says so.
LOOPBACK = "127.0.0.1"


async def nothing_to_refresh() -> None:
    """For processes whose gauges are always up to date."""


def create_internal_app(
    registry: CollectorRegistry, *, missing: Missing, refresh: Refresh = nothing_to_refresh
) -> Starlette:
    """The three routes. `refresh` brings gauges up to date before they are shown."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(_: Request) -> Response:
        lacking = await missing()
        return PlainTextResponse("\n".join(lacking) or "ok", status_code=503 if lacking else 200)

    async def metrics(_: Request) -> Response:
        await refresh()
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    routes = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
    return Starlette(routes=routes)


def bound(host: str, port: int, *, setting: str) -> socket.socket:
    """A listening socket.

    Raises:
        Refusal: the port is taken; `setting` is what moves it.
    """
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise Refusal(
            f"Port {port} on {host} can't be opened: {error.strerror}. Set {setting} to a free one."
        ) from error


class InternalServer:
    """Serves an app on the process's own event loop, and leaves signals alone."""

    def __init__(self, app: Starlette, port: int, *, setting: str, host: str = LOOPBACK) -> None:
        self._socket = bound(host, port, setting=setting)
        config = uvicorn.Config(
            app, http=impatient(), ws="none", log_config=None, access_log=False, lifespan="off"
        )
        self._server = _Quiet(config)
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port in force, also when 0 was asked for."""
        return int(self._socket.getsockname()[1])

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        if self._task is not None:
            await self._task
        self._socket.close()


class _Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
