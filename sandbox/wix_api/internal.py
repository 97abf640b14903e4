"""Health, readiness and metrics of the sandbox, on a port of their own."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandbox.wix_api.courier import Courier
from sandbox.wix_api.metrics import Metrics


def create_internal_app(courier: Courier, metrics: Metrics) -> Starlette:
    """The internal application. All state is in memory, so what is alive is ready."""

    async def alive(_: Request) -> Response:
        return PlainTextResponse("ok")

    async def figures(_: Request) -> Response:
        metrics.waiting.set(courier.waiting)
        return Response(metrics.text(), media_type="text/plain; version=0.0.4")

    return Starlette(routes=[Route("/healthz", alive), Route("/readyz", alive), Route("/metrics", figures)])
