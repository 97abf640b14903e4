"""AccessReceiver: one change of access becomes one signed POST to ACCESS_URL (Standard Webhooks)."""

import asyncio
import ipaddress
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import SplitResult, urlsplit

import httpx

from ingest.tracing import traced
from streams.access_errors import ReceiverAway, ReceiverRefused
from streams.access_signature import BadSecret, keys_of, signature
from streams.settings import AccessSettings
from streams.wix.answer import retry_after

# Worth another try: it came too slowly, too early or too often.
BUSY_STATUSES = (408, 425, 429)
# A receiver that failed so often running is left alone, so that it doesn't keep all hands waiting.
FAILURES = 3
REST_SECONDS = 10.0

_HOW = (
    "Set ACCESS_SECRET to whsec_ and 24 to 64 random bytes in base64, the same at the receiver "
    "(several with commas between while it changes)."
)


class AccessSettingsWrong(ValueError):
    """ACCESS_URL or ACCESS_SECRET can't be used. The message says why and what to do, and holds neither."""

    def __init__(self, found: str, remedy: str) -> None:
        self.found, self.remedy = found, remedy
        super().__init__(f"{found} {remedy}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where changes of access go, and what signs them."""

    url: str
    keys: tuple[bytes, ...] = field(repr=False)


def endpoint(settings: AccessSettings) -> Endpoint | None:
    """The receiver that is configured; None when access is off.

    Raises:
        AccessSettingsWrong: a URL that the world could read along, or no secret of the right form.
    """
    if not settings.access_url:
        return None
    _check_url(settings.access_url)
    try:
        keys = keys_of(settings.access_secret.get_secret_value())
    except BadSecret as error:
        raise AccessSettingsWrong(f"ACCESS_SECRET can't be used: {error}.", _HOW) from None
    if not keys:
        raise AccessSettingsWrong("ACCESS_URL is set, but ACCESS_SECRET is not.", _HOW)
    return Endpoint(url=settings.access_url, keys=keys)


class AccessReceiver:
    """The receiver as we reach it. An async context manager; safe to use from many tasks at once."""

    def __init__(
        self,
        where: Endpoint,
        *,
        timeout_seconds: float = 10.0,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._where = where
        self._now, self._monotonic = now, monotonic
        self._failures = 0
        self._rests_until = 0.0
        self._timeout_seconds = timeout_seconds
        self._http = httpx.AsyncClient(timeout=timeout_seconds)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    def check_rest(self) -> None:
        """Let one call through at a time while the receiver fails.

        Raises:
            ReceiverAway: it rests.
        """
        if self._failures < FAILURES:
            return
        if self._monotonic() < self._rests_until:
            raise ReceiverAway("it failed several times running and is left alone for a while")
        self._rests_until = self._monotonic() + REST_SECONDS

    async def post(self, webhook_id: str, payload: Mapping[str, Any]) -> None:
        """Post one change; returns when the receiver has taken it. The same id may be posted again.

        Raises:
            ReceiverAway: try again later.
            ReceiverRefused: for a person.
        """
        body = json.dumps(payload, separators=(",", ":")).encode()
        answer = await self._answer(webhook_id, body)
        status = answer.status_code
        if status in BUSY_STATUSES or status >= 500:
            wait = retry_after(answer.headers.get("retry-after"))
            raise self._failed(ReceiverAway("it asks to wait", status=status, retry_after=wait))
        self._failures = 0
        if not answer.is_success:
            raise ReceiverRefused(status)

    async def _answer(self, webhook_id: str, body: bytes) -> httpx.Response:
        headers = self._headers(webhook_id, body)
        try:
            # httpx bounds each step of a call, this the whole.
            with traced("POST ACCESS_URL", "client") as tell:
                async with asyncio.timeout(self._timeout_seconds):
                    answer = await self._http.post(self._where.url, content=body, headers=headers)
                tell(status=answer.status_code)
        except (httpx.HTTPError, OSError) as error:
            raise self._failed(ReceiverAway(type(error).__name__)) from error
        return answer

    def _headers(self, webhook_id: str, body: bytes) -> dict[str, str]:
        timestamp = int(self._now())
        return {
            "content-type": "application/json",
            "user-agent": "orderline",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self._where.keys, webhook_id, timestamp, body),
        }

    def _failed(self, error: ReceiverAway) -> ReceiverAway:
        self._failures += 1
        self._rests_until = self._monotonic() + REST_SECONDS
        return error


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise AccessSettingsWrong("ACCESS_URL is no address.", "Write it as https://host/path.")
    if parts.username or parts.password:
        raise AccessSettingsWrong("ACCESS_URL holds a login.", "Leave it out: the signature says who we are.")
    if parts.scheme == "http" and not _is_loopback(parts):
        raise AccessSettingsWrong(
            "ACCESS_URL is plain http to another machine, where anybody could read along.", "Use https."
        )


def _is_loopback(parts: SplitResult) -> bool:
    try:
        return parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
