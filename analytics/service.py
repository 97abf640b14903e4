"""The report service: named questions over HTTP, as Arrow or JSON."""

import hashlib
import hmac
import io
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from analytics.comparison import Moments
from analytics.export_route import export_route
from analytics.inner import inner_routes
from analytics.ledger import Ledger
from analytics.parameters import Parameter
from analytics.questions import Question
from analytics.rendering import as_json, instant, public_type
from analytics.reports import (
    PRESENT,
    SWITCH_WITHIN,
    BadParameter,
    Report,
    Reports,
    ReportTimeout,
    ReportTooLarge,
    UnknownReport,
    VersionGone,
)
from analytics.tables import ExportBusy, UnknownTable

ARROW = "application/vnd.apache.arrow.stream"
JSON = "application/json"
# The first rows of an answer, by the last one's place.
_FIRST_ROWS = re.compile(r"rows=0-(\d{1,9})")

# What the service refuses: its status and the short code in the answer.
_REFUSALS: dict[type[Exception], tuple[int, str]] = {
    BadParameter: (400, "bad_parameter"),
    UnknownReport: (404, "unknown_report"),
    VersionGone: (410, "version_gone"),
    ReportTimeout: (503, "report_timeout"),
    ReportTooLarge: (503, "report_too_large"),
    UnknownTable: (404, "unknown_table"),
    ExportBusy: (503, "export_busy"),
}


def create_ledger_app(
    ledger: Ledger, *, token: str | None, switch_within: timedelta = SWITCH_WITHIN
) -> Starlette:
    """`create_app` over a ledger's reports: what the process that owns the file serves.

    `state.let_go` is to be called before the ledger is closed.
    """
    moments = Moments(ledger)
    reports = Reports(ledger, switch_within=switch_within)
    app = create_app(reports, token=token, more=inner_routes(ledger, moments))
    app.state.let_go = moments.let_go
    return app


def create_app(reports: Reports, *, token: str | None, more: Sequence[Route] = ()) -> Starlette:
    """Routes over `reports`. With a `token`, every route but /healthz wants it as a bearer token."""

    async def catalogue(request: Request) -> Response:
        return JSONResponse({"reports": [describe(question) for question in reports.catalogue()]})

    async def report(request: Request) -> Response:
        return await run_in_threadpool(_answer, reports, request)

    async def version(request: Request) -> Response:
        kept = await run_in_threadpool(reports.versions)
        newest = kept[0] if kept else None
        return JSONResponse(
            {
                "versions": [each.name for each in kept],
                "data_through": instant(newest.data_through if newest else None),
                "known_through": instant(newest.known_through if newest else None),
            }
        )

    return Starlette(
        routes=[
            Route("/healthz", _healthz),
            Route("/version", version),
            Route("/reports", catalogue),
            Route("/reports/{name}", report),
            export_route(reports),
            *more,
        ],
        middleware=[Middleware(_BearerToken, token=token)] if token else [],
        exception_handlers={kind: _refusal(*answer) for kind, answer in _REFUSALS.items()}
        | {404: _no_such_route, 405: _only_read},
    )


def describe(question: Question) -> dict[str, Any]:
    """A question as `GET /reports` and `report --list` show it."""
    return {
        "report": question.name,
        "summary": question.summary,
        "parameters": [_describe_parameter(parameter) for parameter in question.parameters],
        "columns": [{"name": c.name, "type": public_type(c), "unit": c.unit} for c in question.columns],
    }


def _describe_parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "help": parameter.help,
        "allowed": parameter.allowed,
        "default": parameter.default,
        "required": parameter.is_required,
        "repeatable": parameter.is_repeatable,
    }


async def _healthz(request: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _answer(reports: Reports, request: Request) -> Response:
    """The report in the form asked for, or 304 when the caller has it already."""
    name = request.path_params["name"]
    params = {key: request.query_params.getlist(key) for key in request.query_params}
    version = reports.version_of(name, params)
    wants_json = JSON in request.headers.get("accept", "")
    headers = {
        "X-Version": version,
        "Vary": "Accept, Range",
        **_caching(version, request, wants_json=wants_json),
    }
    if headers.get("ETag") in _offered(request):
        return Response(status_code=304, headers=headers)
    report = reports.run(name, params if version == PRESENT else {**params, "version": [version]})
    headers["X-As-Of"] = instant(report.as_of) or ""
    status = 200
    if first := _first_rows(report, request):
        status, headers["Content-Range"] = 206, f"rows 0-{first - 1}/{report.table.num_rows}"
        report = replace(report, table=report.table.slice(0, first))
    if wants_json:
        return JSONResponse(as_json(report), status_code=status, headers=headers)
    return Response(_arrow(report.table), status_code=status, media_type=ARROW, headers=headers)


def _first_rows(report: Report, request: Request) -> int | None:
    """How many of the first rows are asked for, where there are more; other ranges are answered whole."""
    asked = _FIRST_ROWS.fullmatch(request.headers.get("range", ""))
    first = int(asked[1]) + 1 if asked else 0
    return first if 0 < first < report.table.num_rows else None


def _caching(version: str, request: Request, *, wants_json: bool) -> dict[str, str]:
    """One version answers one question in one form always alike; the present is never the same twice."""
    if version == PRESENT:
        return {"Cache-Control": "no-store"}
    form = [wants_json, request.headers.get("range", "")]
    asked = json.dumps([version, request.url.path, sorted(request.query_params.multi_items()), form])
    tag = hashlib.sha256(asked.encode()).hexdigest()[:32]
    return {"ETag": f'"{tag}"', "Cache-Control": "private, no-cache"}


def _offered(request: Request) -> list[str]:
    tags = request.headers.get("if-none-match", "").split(",")
    return [tag.strip().removeprefix("W/") for tag in tags]


def _arrow(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _refusal(status: int, code: str) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        named = {"parameter": error.name} if isinstance(error, BadParameter) else {}
        return JSONResponse({"error": code, "message": str(error), **named}, status_code=status)

    return answer


async def _no_such_route(request: Request, error: Exception) -> Response:
    message = "there is nothing here; try /reports, /reports/{name}, /export/{table}, /version or /healthz"
    return JSONResponse({"error": "not_found", "message": message}, status_code=404)


async def _only_read(request: Request, error: Exception) -> Response:
    headers = error.headers if isinstance(error, HTTPException) else None
    message = "this is only to be read: ask with GET"
    return JSONResponse({"error": "only_read", "message": message}, status_code=405, headers=headers)


class _BearerToken:
    """Lets requests through that bear the token; /healthz needs none."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == "/healthz" or self._is_known(scope):
            await self._app(scope, receive, send)
            return
        refusal = {
            "error": "unauthorized",
            "message": "send the report service's token: Authorization: Bearer …",
        }
        answer = JSONResponse(refusal, status_code=401, headers={"WWW-Authenticate": "Bearer"})
        await answer(scope, receive, send)

    def _is_known(self, scope: Scope) -> bool:
        given = dict(scope["headers"]).get(b"authorization", b"")
        return hmac.compare_digest(given, self._expected)
