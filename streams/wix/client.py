"""WixClient: one request to Wix's REST API becomes an Answer or a named error."""

import asyncio
import copy
import logging
import random
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from streams.settings import WixSettings
from streams.wix.answer import Answer, understood
from streams.wix.auth import ApiKey, AppTokens, Headers, Identity, MemberToken
from streams.wix.errors import NotFound, Unauthorized, WixBusy, WixUnreachable

_LOG = logging.getLogger(__name__)

MAX_CONNECTIONS = 100
# Shorter than servers keep idle connections (uvicorn: 5 s). A POST on a connection that the other
# side has just closed would be in doubt, and a doubt costs a minute.
KEEPALIVE_SECONDS = 4.0

# How often a read is tried again, and the longest first wait; jitter keeps many from coming at once.
READ_REPEATS = 2
REPEAT_SECONDS = 0.25

# A list is sent as the parameter repeated, which is how Wix takes several values.
Params = Mapping[str, str | Sequence[str]]

# What httpx unpacks with nothing else installed.
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate"}

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True, slots=True)
class _Call:
    site: str
    method: str
    path: str
    json: Mapping[str, Any] | None
    params: Params | None
    is_read: bool


class WixClient:
    """Wix's REST API for all sites. An async context manager; safe to use from many tasks at once.

    `take(site)` is called before every request to the API and may raise `QuotaWait`: then nothing
    was sent. `transport` replaces the network and `pause` the waiting between attempts, for tests.
    """

    def __init__(
        self,
        settings: WixSettings,
        *,
        take: Callable[[str], None] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._take = take
        self._pause = pause
        self._timeout_seconds = settings.wix_timeout_seconds
        self._base = str(httpx.URL(settings.wix_api_url)).rstrip("/")
        # The transport is called directly: httpx's client would add redirects, cookies and logins, none
        # of which we want, at twice the CPU time a request.
        self._transport = transport or wix_transport()
        waits = dict.fromkeys(("connect", "read", "write", "pool"), settings.wix_timeout_seconds)
        self._extensions = {"timeout": waits}
        has_key = bool(settings.wix_api_key.get_secret_value())
        tokens = AppTokens(settings, self._post_openly, monotonic=monotonic)
        self._identity: Identity = ApiKey(settings) if has_key else tokens

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._transport.aclose()

    def as_member(self, token: str) -> Self:
        """The same connections and quota, but calls are a member's: some only a member may make.

        Only the client that it came from is to be closed.
        """
        member = copy.copy(self)
        member._identity = MemberToken(token)
        return member

    async def request(
        self,
        site: str,
        method: str,
        path: str,
        *,
        json: Mapping[str, Any] | None = None,
        params: Params | None = None,
        is_read: bool | None = None,
    ) -> Answer:
        """Make one request for a site; it takes `WIX_TIMEOUT_SECONDS` at most, token and repeats included.

        A 401 is answered with a fresh token, once. What only reads (`is_read`; a GET unless told
        otherwise) is tried again when no answer comes; a change never is.

        Raises:
            WixError: one of streams.wix.errors.
            QuotaWait: the site's quota is used up; nothing was sent.
        """
        call = _Call(site, method, path, json, params, method == "GET" if is_read is None else is_read)
        async with self.within_time_limit():
            return await self._authorized(call)

    @asynccontextmanager
    async def within_time_limit(self) -> AsyncIterator[None]:
        """Bound several requests by the time that one may take; longer is WixUnreachable."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                yield
        except TimeoutError as error:
            raise WixUnreachable("no answer in time", code="timeout") from error

    async def _authorized(self, call: _Call) -> Answer:
        headers = await self._headers(call)
        try:
            return await self._answered(call, headers)
        except Unauthorized:
            if not self._identity.refused(call.site, headers):
                raise
        return await self._answered(call, await self._headers(call))

    async def _headers(self, call: _Call) -> Headers:
        try:
            return await self._identity.headers(call.site)
        except WixUnreachable as error:
            if call.is_read:
                raise
            # The change itself was not sent, so it is in no doubt.
            raise WixBusy(status=error.status, code=error.code, request_id=error.request_id) from error

    async def _answered(self, call: _Call, headers: Headers) -> Answer:
        async def counted() -> Answer:
            if self._take is not None:
                self._take(call.site)
            return await self._sent(call, headers)

        return await (self._repeated(call, counted) if call.is_read else counted())

    async def _post_openly(self, path: str, json: Mapping[str, Any]) -> Answer:
        """A POST without a token: the one that asks for a token."""
        call = _Call("", "POST", path, json, None, is_read=True)
        return await self._repeated(call, lambda: self._sent(call, {}))

    async def _repeated(self, call: _Call, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
        """What `attempt` answers in the end; what is no answer is asked for again, a few times."""
        for number in range(READ_REPEATS):
            try:
                return await attempt()
            except WixUnreachable as error:
                if error.code == "unexpected_answer":
                    raise
                _LOG.info("%s %s is repeated after: %s", call.method, call.path, error)
            await self._pause(random.uniform(0, REPEAT_SECONDS * 2**number))  # noqa: S311 - spreads load
        return await attempt()

    async def _sent(self, call: _Call, headers: Headers) -> Answer:
        try:
            response = await self._exchanged(call, headers)
        # Not every error of aiohttp has its counterpart in httpx.
        except (httpx.RequestError, aiohttp.ClientError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise WixUnreachable(
                f"{type(error).__name__} at {call.method} {call.path}", code="network"
            ) from error
        request_id = response.headers.get("x-wix-request-id", "none")
        _LOG.debug("%s %s: %d, request %s", call.method, call.path, response.status_code, request_id)
        return understood(response.status_code, response.headers, response.content)

    async def _exchanged(self, call: _Call, headers: Headers) -> httpx.Response:
        """The whole answer to a request, whatever it says."""
        request = httpx.Request(
            call.method,
            self._base + call.path,
            params=call.params,
            headers={**_HEADERS, **headers},
            json=call.json,
            extensions=self._extensions,
        )
        response = await self._transport.handle_async_request(request)
        try:
            await response.aread()
        except BaseException:
            # Cut short, the connection is of no use to the next call.
            await response.aclose()
            raise
        return response


def in_path(an_id: str) -> str:
    """An id as part of a path.

    Raises:
        NotFound: it is no id, so nothing has it; and it must not lead to another path.
    """
    if not _ID.fullmatch(an_id):
        raise NotFound(404, "bad_id", "an id of another form than Wix's")
    return an_id


def wix_transport() -> AiohttpTransport:
    """Connections to Wix, for as many tasks as want some."""
    return AiohttpTransport(client=_session)


def _session() -> aiohttp.ClientSession:
    """Connections of aiohttp under httpx's interface: the same API at several times the rate."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS, keepalive_timeout=KEEPALIVE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
    )
