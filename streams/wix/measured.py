"""Every request to Wix is timed, by part of the API and status, on its way through this transport."""

import time
from collections.abc import Callable

import httpx

from ingest.tracing import traced

# What Wix's APIs begin with; anything else is `other`, so that no id becomes a label.
APIS = frozenset(
    {
        *("apps", "contacts", "ecom", "email-marketing", "inbox", "members", "oauth2"),
        *("pricing-plans", "site-properties"),
    }
)
NO_ANSWER = "none"


class MeasuredTransport(httpx.AsyncBaseTransport):
    """Tells `observe` of each request: API, method, status (`none` without an answer), seconds."""

    def __init__(
        self, transport: httpx.AsyncBaseTransport, observe: Callable[[str, str, str, float], None]
    ) -> None:
        self._transport = transport
        self._observe = observe

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass it on, and the answer back."""
        status, began, api = NO_ANSWER, time.perf_counter(), api_of(request.url)
        try:
            with traced(f"{request.method} {api}", "client") as tell:
                response = await self._transport.handle_async_request(request)
                status = str(response.status_code)
                tell(status=status, request_id=response.headers.get("x-wix-request-id", "none"))
        finally:
            self._observe(api, request.method, status, time.perf_counter() - began)
        return response

    async def aclose(self) -> None:
        """Close what is underneath."""
        await self._transport.aclose()


def api_of(url: httpx.URL) -> str:
    """The part of Wix's API."""
    first = url.path.split("/")[1] if "/" in url.path else ""
    return first if first in APIS else "other"
