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
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox.wix_api import access, admin
from sandbox.wix_api.call import Call, Endpoint
from sandbox.wix_api.courier import Courier
from sandbox.wix_api.gate import Gate
from sandbox.wix_api.metrics import Metrics
from sandbox.wix_api.refusal import PreconditionFailed, Refusal, invalid_field, refused, system_error
from sandbox.wix_api.routes import checkout, inbox, people, plan_orders, site, store
from sandbox.wix_api.wire import nested
from sandbox.wix_api.world import UNSUBSCRIBE, World

ENDPOINTS = (
    *plan_orders.ENDPOINTS,
    *checkout.ENDPOINTS,
    *store.ENDPOINTS,
    *people.ENDPOINTS,
    *inbox.ENDPOINTS,
    *site.ENDPOINTS,
)

# Reads let time pass as well, so this is only how late a webhook may be that nobody asked for.
_TICK_SECONDS = 0.5

_Answer = Callable[[Request], Awaitable[Response]]


def create_app(world: World, courier: Courier, metrics: Metrics) -> ASGIApp:
    """The whole application; the courier works while it runs."""
    world.permissions = frozenset(one.permission for one in ENDPOINTS)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        courier.take_up()
        working = [asyncio.create_task(courier.run()), asyncio.create_task(_let_time_pass(world))]
        try:
            yield
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
            courier.leave_behind()

    routes = [
        Route("/oauth2/token", _token(world), methods=["POST"]),
        Route("/oauth2/token-info", _token_info(world), methods=["POST"]),
        *(Route(one.path, _endpoint(world, one), methods=[one.method]) for one in ENDPOINTS),
        Route(UNSUBSCRIBE, _unsubscribe(world), methods=["GET"]),
        access.route(world),
        *admin.routes(world, courier),
    ]
    handlers: dict[Any, Any] = {Refusal: _refused(world), HTTPException: _standard, Exception: _broken}
    return Gate(Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan), world, metrics)


async def _let_time_pass(world: World) -> None:
    while True:
        world.catch_up()
        await asyncio.sleep(_TICK_SECONDS)


def _token(world: World) -> _Answer:
    async def token(request: Request) -> Response:
        return JSONResponse(world.tokens.issue(await _credentials(request), installed=world.installed))

    return token


def _token_info(world: World) -> _Answer:
    async def token_info(request: Request) -> Response:
        asked = await _credentials(request)
        return JSONResponse(world.tokens.info(str(asked.get("token", ""))))

    return token_info


def _unsubscribe(world: World) -> _Answer:
    async def unsubscribe(request: Request) -> Response:
        if not world.unsubscribe(request.path_params["link"]):
            raise HTTPException(404)
        return PlainTextResponse("You will get no more mail from us.")

    return unsubscribe


def _endpoint(world: World, endpoint: Endpoint) -> _Answer:
    async def answer(request: Request) -> Response:
        return JSONResponse(endpoint.handler(await _admitted(world, endpoint, request)))

    return answer


async def _admitted(world: World, endpoint: Endpoint, request: Request) -> Call:
    caller = world.tokens.caller(request.headers)
    world.quota.take(caller.instance_id)
    at = world.site(caller.instance_id)
    if not at.installed:
        raise refused(401, "UNAUTHENTICATED", "The app is not installed on this site")
    if caller.kind not in endpoint.callers:
        raise refused(403, "PERMISSION_DENIED", f"A call as {caller.kind} is not allowed here")
    if caller.kind == "APP" and endpoint.permission in at.denied:
        raise refused(403, "PERMISSION_DENIED", f"The app lacks {endpoint.permission} on this site")
    world.catch_up()
    return Call(
        world=world,
        site=at,
        caller=caller,
        path=request.path_params,
        query=nested(request.query_params.multi_items()),
        body=await _json(request) if endpoint.method in ("POST", "PATCH") else {},
        now=world.clock.now(),
        base_url=str(request.base_url).rstrip("/"),
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


def _refused(world: World) -> Callable[[Request, Refusal], Awaitable[Response]]:
    async def refused_with(_: Request, refusal: Refusal) -> Response:
        if isinstance(refusal, PreconditionFailed):
            rules = world.rules
            refusal = refusal.answered_with(rules.precondition_status, rules.precondition_code)
        return JSONResponse(refusal.body, status_code=refusal.status)

    return refused_with


async def _standard(_: Request, error: HTTPException) -> Response:
    refusal = system_error(error.status_code)
    return JSONResponse(refusal.body, status_code=refusal.status, headers=error.headers)


async def _broken(_: Request, __: Exception) -> Response:
    return JSONResponse(system_error(500).body, status_code=500)
