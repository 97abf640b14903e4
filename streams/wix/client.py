"""WixClient: one request to Wix's REST API becomes an Answer or a named error."""

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from streams.settings import WixSettings
from streams.wix.answer import Answer, understood
from streams.wix.auth import AppTokens
from streams.wix.errors import NotFound, Unauthorized, WixUnreachable

_LOG = logging.getLogger(__name__)

MAX_CONNECTIONS = 100
# Shorter than servers keep idle connections (uvicorn: 5 s). A POST on a connection that the other
# side has just closed would be in doubt, and a doubt costs a minute.
KEEPALIVE_SECONDS = 4.0

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


class WixClient:
    """Wix's REST API for all sites. An async context manager; safe to use from many tasks at once.

    `take(site)` is called before every request to the API and may raise `QuotaWait`: then nothing
    was sent. `transport` replaces the network, for tests.
    """

    def __init__(
        self,
        settings: WixSettings,
        *,
        take: Callable[[str], None] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._take = take
        self._timeout_seconds = settings.wix_timeout_seconds
        self._http = httpx.AsyncClient(
            base_url=settings.wix_api_url,
            transport=transport or _transport(),
            timeout=settings.wix_timeout_seconds,
            cookies=_no_cookies(),
        )
        self._tokens = AppTokens(settings, self._post_openly, monotonic=monotonic)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def request(
        self,
        site: str,
        method: str,
        path: str,
        *,
        json: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make one request for a site; it takes `WIX_TIMEOUT_SECONDS` at most, token included.

        A 401 is answered with a fresh token, once. Nothing else is repeated.

        Raises:
            WixError: one of streams.wix.errors.
            QuotaWait: the site's quota is used up; nothing was sent.
        """
        async with self.within_time_limit():
            return await self._authorized(site, method, path, json, params)

    @asynccontextmanager
    async def within_time_limit(self) -> AsyncIterator[None]:
        """Bound several requests by the time that one may take; longer is WixUnreachable."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                yield
        except TimeoutError as error:
            raise WixUnreachable("no answer in time", code="timeout") from error

    async def _authorized(
        self,
        site: str,
        method: str,
        path: str,
        json: Mapping[str, Any] | None,
        params: Mapping[str, str] | None,
    ) -> Answer:
        token = await self._tokens.authorization(site)
        try:
            return await self._counted(site, method, path, token, json, params)
        except Unauthorized:
            self._tokens.forget(site, token)
        token = await self._tokens.authorization(site)
        return await self._counted(site, method, path, token, json, params)

    async def _counted(
        self,
        site: str,
        method: str,
        path: str,
        token: str,
        json: Mapping[str, Any] | None,
        params: Mapping[str, str] | None,
    ) -> Answer:
        if self._take is not None:
            self._take(site)
        return await self._sent(method, path, json=json, params=params, headers={"Authorization": token})

    async def _post_openly(self, path: str, json: Mapping[str, Any]) -> Answer:
        """A POST without a token: the one that asks for a token."""
        return await self._sent("POST", path, json=json)

    async def _sent(
        self,
        method: str,
        path: str,
        *,
        json: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        try:
            response = await self._http.request(method, path, json=json, params=params, headers=headers)
        # Not every error of aiohttp has its counterpart in httpx.
        except (httpx.RequestError, aiohttp.ClientError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise WixUnreachable(f"{type(error).__name__} at {method} {path}", code="network") from error
        request_id = response.headers.get("x-wix-request-id", "none")
        _LOG.debug("%s %s: %d, request %s", method, path, response.status_code, request_id)
        return understood(response.status_code, response.headers, response.content)


def in_path(an_id: str) -> str:
    """An id as part of a path.

    Raises:
        NotFound: it is no id, so nothing has it; and it must not lead to another path.
    """
    if not _ID.fullmatch(an_id):
        raise NotFound(404, "bad_id", "an id of another form than Wix's")
    return an_id


def _transport() -> AiohttpTransport:
    return AiohttpTransport(client=_session)


def _session() -> aiohttp.ClientSession:
    """Connections of aiohttp under httpx's interface: the same API at several times the rate."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS, keepalive_timeout=KEEPALIVE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


def _no_cookies() -> CookieJar:
    """One client speaks for many sites, so nothing that one site's answer sets may reach another's."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))
