"""Questions that our own processes ask the owner of the ledger: no reports, no contract with anybody."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from analytics.ledger import Ledger
from analytics.statements import statement

# Orders of one answer: a site may have a hundred thousand.
PAGE = 5000

Rows = list[dict[str, Any]]


def inner_routes(ledger: Ledger) -> list[Route]:
    """`/inner/…`: as open as the reports, since they are behind the same token."""

    def answering(rows: Callable[[Request], Rows]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            return JSONResponse({"rows": await run_in_threadpool(rows, request)})

        return answer

    return [
        Route("/inner/sites", answering(lambda _: known_sites(ledger))),
        Route("/inner/sites/{site}/orders", answering(lambda request: _orders(ledger, request))),
    ]


def known_sites(ledger: Ledger) -> Rows:
    """Every site that the ledger heard of, and whether the app was removed there."""
    return _rows(ledger, "known_sites", {})


def known_orders(ledger: Ledger, site: str, after: str = "") -> Rows:
    """A page of the orders of one site, those after an id, as they stand this moment."""
    return _rows(ledger, "known_orders", {"site": site, "after": after, "limit": PAGE})


def _orders(ledger: Ledger, request: Request) -> Rows:
    return known_orders(ledger, request.path_params["site"], request.query_params.get("after", ""))


def _rows(ledger: Ledger, name: str, params: Mapping[str, object]) -> Rows:
    with ledger.present() as connection:
        found = connection.execute(statement("inner", name), params)
        columns = [column[0] for column in found.description or ()]
        return [dict(zip(columns, map(_plain, row), strict=True)) for row in found.fetchall()]


def _plain(value: object) -> object:
    return value.replace(tzinfo=UTC).isoformat() if isinstance(value, datetime) else value
