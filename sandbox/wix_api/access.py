"""The receiver of access changes: checks a signature as Standard Webhooks says, takes each id once.

It stands beside the sandbox Wix so that one process is the whole outside world; it is no part of Wix.
"""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandbox.wix_api.clock import instant
from sandbox.wix_api.world import World

PATH = "/access"
TOLERANCE_SECONDS = 300
TYPES = ("access.granted", "access.revoked")
# What a change must say; `memberId` and the like are there where Wix names them.
NEEDED = ("instanceId", "orderId", "change")


def route(world: World) -> Route:
    """`POST /access`: 200 taken or known already, 400 unreadable, 401 not from whom it should be."""

    async def take(request: Request) -> Response:
        body = await request.body()
        webhook_id = _verified(request, body, world.access_secret)
        change = _change(body)
        is_new = world.received.access_change(webhook_id, at=instant(world.clock.now()), body=change)
        return PlainTextResponse("taken" if is_new else "known")

    return Route(PATH, take, methods=["POST"])


def _verified(request: Request, body: bytes, secret: str) -> str:
    given = [request.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")]
    webhook_id, timestamp, signatures = given
    if not all(given) or not timestamp.isdecimal():
        raise HTTPException(400, "webhook-id, webhook-timestamp and webhook-signature are needed")
    if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        raise HTTPException(401, "webhook-timestamp is off by more than five minutes")
    content = f"{webhook_id}.{timestamp}.".encode() + body
    wanted = [_signed(one, content) for one in secret.split(",") if one]
    shown = [one.removeprefix("v1,") for one in signatures.split(" ") if one.startswith("v1,")]
    if not any(hmac.compare_digest(one, other) for one in wanted for other in shown):
        raise HTTPException(401, "no signature fits")
    return webhook_id


def _signed(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.strip().removeprefix("whsec_"))
    return base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


def _change(body: bytes) -> dict[str, Any]:
    try:
        change = json.loads(body)
        is_whole = change["type"] in TYPES and change["timestamp"] and all(change["data"][n] for n in NEEDED)
    except (ValueError, TypeError, KeyError) as error:
        raise HTTPException(400, "no change of access") from error
    if not is_whole:
        raise HTTPException(400, "no change of access")
    found: dict[str, Any] = change
    return found
