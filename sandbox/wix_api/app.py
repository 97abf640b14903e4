"""The sandbox Wix as an ASGI application: routes, authentication, and errors as Wix words them."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox.wix_api import admin
from sandbox.wix_api.call import Call, Endpoint
from sandbox.wix_api.courier import Courier
from sandbox.wix_api.gate import Gate
from sandbox.wix_api.metrics import Metrics
from sandbox.wix_api.refusal import Refusal, invalid_field, refused, system_error
from sandbox.wix_api.routes import inbox, people, plan_orders, store
from sandbox.wix_api.wire import nested
from sandbox.wix_api.world import World

ENDPOINTS = (*plan_orders.ENDPOINTS, *store.ENDPOINTS, *people.ENDPOINTS, *inbox.ENDPOINTS)

_Answer = Callable[[Request], Awaitable[Response]]


def create_app(world: World, courier: Courier, metrics: Metrics) -> ASGIApp:
    """The whole application; the courier works while it runs."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        working = asyncio.create_task(courier.run())
        try:
            yield
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            courier.forget()

    routes = [
        Route("/oauth2/token", _token(world), methods=["POST"]),
        *(Route(one.path, _endpoint(world, one), methods=[one.method]) for one in ENDPOINTS),
        *admin.routes(world, courier),
    ]
    handlers: dict[Any, Any] = {Refusal: _refused, HTTPException: _standard, Exception: _broken}
    return Gate(Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan), world, metrics)


def _token(world: World) -> _Answer:
    async def token(request: Request) -> Response:
        return JSONResponse(world.tokens.issue(await _credentials(request), installed=world.installed))

    return token


def _endpoint(world: World, endpoint: Endpoint) -> _Answer:
    async def answer(request: Request) -> Response:
        return JSONResponse(endpoint.handler(await _admitted(world, endpoint, request)))

    return answer


async def _admitted(world: World, endpoint: Endpoint, request: Request) -> Call:
    instance_id = world.tokens.instance_of(request.headers.get("authorization"))
    world.quota.take(instance_id)
    site = world.site(instance_id)
    if endpoint.permission in site.denied:
        raise refused(403, "PERMISSION_DENIED", f"The app lacks {endpoint.permission} on this site")
    return Call(
        world=world,
        site=site,
        path=request.path_params,
        query=nested(request.query_params.multi_items()),
        body=await _json(request) if endpoint.method == "POST" else {},
        now=world.clock.now(),
    )


async def _json(request: Request) -> Any:
    raw = await request.body()
    try:
        return json.loads(raw) if raw else {}
    except (ValueError, RecursionError) as error:
        raise invalid_field("body", "is not JSON", rule="FORMAT") from error


async def _credentials(request: Request) -> dict[str, Any]:
    if "x-www-form-urlencoded" in request.headers.get("content-type", ""):
        return dict(parse_qsl((await request.body()).decode(errors="replace")))
    body = await _json(request)
    return body if isinstance(body, dict) else {}


async def _refused(_: Request, refusal: Refusal) -> Response:
    return JSONResponse(refusal.body, status_code=refusal.status)


async def _standard(_: Request, error: HTTPException) -> Response:
    refusal = system_error(error.status_code)
    return JSONResponse(refusal.body, status_code=refusal.status, headers=error.headers)


async def _broken(_: Request, __: Exception) -> Response:
    return JSONResponse(system_error(500).body, status_code=500)
