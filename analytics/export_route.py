"""`GET /export/{table}`: a table of one version as an Arrow stream, whole, a batch at a time."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from analytics.parameters import BadParameter
from analytics.reports import Reports
from analytics.tables import as_stream

ARROW = "application/vnd.apache.arrow.stream"


def export_route(reports: Reports) -> Route:
    """The route over these reports' ledger."""

    async def table(request: Request) -> Response:
        for name in request.query_params:
            if name != "version":
                raise BadParameter(name, "is unknown here; allowed is version")
        pieces = _pieces(reports, request.path_params["table"], request.query_params.get("version"))
        # What can be refused is refused before the first piece.
        version = await run_in_threadpool(next, pieces)
        return StreamingResponse(_closing(pieces), media_type=ARROW, headers={"X-Version": version.decode()})

    return Route("/export/{table}", table)


def _pieces(reports: Reports, name: str, version: str | None) -> Iterator[bytes]:
    """The version's name, then the stream."""
    with reports.rows_of(name, version) as (found, reader):
        yield found.encode()
        yield from as_stream(reader)


async def _closing(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Lets go of the ledger's connection also when the caller went away."""
    try:
        async for piece in iterate_in_threadpool(pieces):
            yield piece
    finally:
        # Still at work on a thread: it is closed when that ends.
        with suppress(ValueError):
            pieces.close()  # type: ignore[attr-defined]  # a generator
