"""Questions that our own processes ask the owner of the ledger: no reports, no contract with anybody."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from analytics.comparison import MomentGone, Moments
from analytics.ledger import Ledger
from analytics.statements import statement

# Orders of one answer: a site may have a hundred thousand.
PAGE = 5000

Rows = list[dict[str, Any]]
Answer = dict[str, Any]


def inner_routes(ledger: Ledger, moments: Moments) -> list[Route]:
    """`/inner/…`: as open as the reports, since they are behind the same token."""
    return [
        _route("/inner/sites", lambda _: {"rows": known_sites(ledger)}),
        _route("/inner/sites/{site}/orders", lambda request: {"rows": _orders(ledger, request)}),
        _route("/inner/sites/{site}/rows", lambda request: {"rows": _site_rows(ledger, request)}),
        _route("/inner/people/{id}", lambda request: {"rows": _person(ledger, request)}),
        _route("/inner/moments", lambda _: _begun(moments), method="POST"),
        _route("/inner/moments/{moment}", lambda request: _checksums(moments, request)),
        _route("/inner/moments/{moment}", lambda request: _ended(moments, request), method="DELETE"),
        _route("/inner/moments/{moment}/{table}", lambda request: _buckets(moments, request)),
        _route("/inner/moments/{moment}/{table}/{bucket:int}", lambda request: _bucket(moments, request)),
    ]


def known_sites(ledger: Ledger) -> Rows:
    """Every site that the ledger heard of, and whether the app was removed there."""
    return _rows(ledger, "known_sites", {})


def known_orders(ledger: Ledger, site: str, after: str = "") -> Rows:
    """A page of the orders of one site, those after an id, as they stand this moment."""
    return _rows(ledger, "known_orders", {"site": site, "after": after, "limit": PAGE})


def _route(path: str, answer: Callable[[Request], Answer], *, method: str = "GET") -> Route:
    async def answered(request: Request) -> Response:
        try:
            return JSONResponse(await run_in_threadpool(answer, request))
        except MomentGone as error:
            return JSONResponse({"error": "moment_gone", "message": str(error)}, status_code=410)

    return Route(path, answered, methods=[method])


def _orders(ledger: Ledger, request: Request) -> Rows:
    return known_orders(ledger, request.path_params["site"], request.query_params.get("after", ""))


def _site_rows(ledger: Ledger, request: Request) -> Rows:
    return _rows(ledger, "site_rows", {"site": request.path_params["site"]})


def _person(ledger: Ledger, request: Request) -> Rows:
    asked = {"id": request.path_params["id"], "site": request.query_params.get("site")}
    return _rows(ledger, "person", asked)


def _begun(moments: Moments) -> Answer:
    name, moment = moments.begin()
    return {"moment": name, "offsets": moment.offsets()}


def _checksums(moments: Moments, request: Request) -> Answer:
    return {"tables": moments.find(request.path_params["moment"]).checksums()}


def _ended(moments: Moments, request: Request) -> Answer:
    moments.end(request.path_params["moment"])
    return {}


def _buckets(moments: Moments, request: Request) -> Answer:
    found = moments.find(request.path_params["moment"]).buckets(request.path_params["table"])
    return {"buckets": found}


def _bucket(moments: Moments, request: Request) -> Answer:
    asked = request.path_params
    return {"rows": moments.find(asked["moment"]).rows(asked["table"], asked["bucket"])}


def _rows(ledger: Ledger, name: str, params: Mapping[str, object]) -> Rows:
    with ledger.present() as connection:
        found = connection.execute(statement("inner", name), params)
        columns = [column[0] for column in found.description or ()]
        return [dict(zip(columns, map(_plain, row), strict=True)) for row in found.fetchall()]


def _plain(value: object) -> object:
    return value.replace(tzinfo=UTC).isoformat() if isinstance(value, datetime) else value
