"""Routes and status codes; the only file that knows what HTTP calls our refusals.

POST /webhooks/wix   200 ok · 400 malformed · 401 bad_signature · 413 too_large · 503 not_durable
POST /handovers      202 accepted · 400 malformed · 401 unknown_token · 403 other_site · 413 · 503
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from ingest import handover
from ingest.log_lines import note
from ingest.metrics import DoorMetrics
from ingest.publisher import NotDurable, Publishing
from ingest.record import EventRecord
from ingest.recording import from_event, from_handover
from ingest.tracing import here, traced
from ingest.webhook import LEEWAY_SECONDS, Malformed, Refused, verify

MAX_BODY_BYTES = 1024 * 1024
# A body that dribbles in holds a connection; Wix itself gives up after 1.25 s.
BODY_SECONDS = 10.0

# At the rate we promise, 1 000 a second, a tenth of a second's worth is under way. So many that the
# last one would outwait the publisher's timeout, and none would get through: with 512 under way a
# starved machine answered 320 of 1 000 requests a second, though it could do more.
MAX_UNDER_WAY = 256

WEBHOOKS = "/webhooks/wix"
HANDOVERS = "/handovers"

_log = logging.getLogger(__name__)


class TooLarge(Exception):
    """More than MAX_BODY_BYTES."""


class Keys(Protocol):
    """Where the public keys in force come from."""

    def current(self) -> tuple[RSAPublicKey, ...]:
        """The keys in force now."""


class Crowd:
    """Requests under way; no more than MAX_UNDER_WAY get in."""

    def __init__(self) -> None:
        self._under_way = 0

    def __enter__(self) -> None:
        if self._under_way >= MAX_UNDER_WAY:
            raise NotDurable("overloaded")
        self._under_way += 1

    def __exit__(self, *_: object) -> None:
        self._under_way -= 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What the routes work with. `app_id` names the app where a token does not."""

    keys: Keys
    publisher: Publishing
    metrics: DoorMetrics
    check_expiry: bool = True
    leeway_seconds: float = LEEWAY_SECONDS
    app_id: str | None = None
    warehouses: Sequence[handover.Warehouse] = ()
    crowd: Crowd = field(default_factory=Crowd)

    async def webhook(self, request: Request) -> PlainTextResponse:
        """Take one of Wix's webhooks; 200 only when it is on the log."""
        return await self._answered(request, WEBHOOKS, self._take_webhook)

    async def handover(self, request: Request) -> PlainTextResponse:
        """Take what a warehouse says left it; 202 only when it is on the log."""
        return await self._answered(request, HANDOVERS, self._take_handover)

    async def _take_webhook(self, request: Request) -> PlainTextResponse:
        body = await _limited(request)
        now = datetime.now(UTC)
        event = verify(
            body,
            keys=self.keys.current(),
            check_expiry=self.check_expiry,
            now=now,
            leeway_seconds=self.leeway_seconds,
        )
        record = from_event(event, received_at=now, app_id=self.app_id)
        note(event=record.event_id, site=record.instance_id)
        await self._publish(record)
        return PlainTextResponse("ok")

    async def _take_handover(self, request: Request) -> PlainTextResponse:
        warehouse = handover.whose(request.headers.get("authorization"), self.warehouses)
        key = handover.checked_key(request.headers.get("idempotency-key"))
        given = handover.parse(await _limited(request), warehouse=warehouse)
        now = datetime.now(UTC)
        record = from_handover(given, warehouse=warehouse, key=key, received_at=now)
        note(event=record.event_id, site=record.instance_id)
        await self._publish(record)
        return PlainTextResponse("accepted", status_code=202)

    async def _publish(self, record: EventRecord) -> None:
        with traced(f"publish {record.topic}", "producer", event=record.event_id, site=record.instance_id):
            await self.publisher.publish(replace(record, traceparent=here()))
        self.metrics.records.labels(record.topic).inc()

    async def _answered(
        self, request: Request, route: str, take: Callable[[Request], Awaitable[PlainTextResponse]]
    ) -> PlainTextResponse:
        started = time.perf_counter()
        try:
            with self.crowd, traced(f"POST {route}", "server") as tell:
                response = await take(request)
                tell(status=response.status_code)
            code = bytes(response.body).decode()
        except (Refused, handover.HandoverRefused, TooLarge, NotDurable) as refusal:
            status, code, reason = _meaning(refusal)
            _log.warning("%s answered %s: %s", route, code, reason)
            self.metrics.refusals.labels(route, code, reason).inc()
            response = PlainTextResponse(_text(refusal, code), status_code=status)
        self.metrics.answers.labels(route, str(response.status_code), code).inc()
        self.metrics.seconds.labels(route).observe(time.perf_counter() - started)
        return response


def create_app(door: Door) -> Starlette:
    """The public application."""
    return Starlette(
        routes=[
            Route(WEBHOOKS, door.webhook, methods=["POST"]),
            Route(HANDOVERS, door.handover, methods=["POST"]),
        ]
    )


async def _limited(request: Request) -> bytes:
    """The body, read no further than the limit."""
    if int(request.headers.get("content-length", 0)) > MAX_BODY_BYTES:
        raise TooLarge
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise TooLarge
    except (ClientDisconnect, TimeoutError) as error:
        raise Malformed("incomplete") from error
    return bytes(body)


def _meaning(refusal: Exception) -> tuple[int, str, str]:
    """Status, code and the reason for counter and log, which is never made of what was sent."""
    match refusal:
        case Refused():
            return refusal.status, refusal.code, refusal.reason
        case handover.HandoverRefused():
            return refusal.status, refusal.code, type(refusal).__name__
        case NotDurable():
            return 503, "not_durable", refusal.reason
        case _:
            return 413, "too_large", "over_1_mib"


def _text(refusal: Exception, code: str) -> str:
    """Exactly the code; a warehouse, whose token was good, also hears which field is wrong."""
    return f"{code}: {refusal}" if isinstance(refusal, handover.BadHandover) else code
