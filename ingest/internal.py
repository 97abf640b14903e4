"""Health, readiness and metrics, on a port of their own that is never the public one."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ingest.metrics import DoorMetrics
from ingest.publisher import NotDurable, Publishing

PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8"


def create_internal_app(
    publisher: Publishing, metrics: DoorMetrics, stopping: Callable[[], bool] = lambda: False
) -> Starlette:
    """`/healthz` (alive), `/readyz` (a webhook sent now would be kept) and `/metrics`."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(_: Request) -> Response:
        if stopping():
            return PlainTextResponse("stopping", status_code=503)
        try:
            await publisher.check()
        except NotDurable as error:
            return PlainTextResponse(str(error), status_code=503)
        return PlainTextResponse("ready")

    async def exposition(_: Request) -> Response:
        return Response(metrics.exposition(), media_type=PROMETHEUS_TEXT)

    return Starlette(
        routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", exposition)]
    )
