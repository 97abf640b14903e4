"""Wix's side of the wire in the client's own tests: says what it is told, keeps what it saw."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from streams.settings import WixSettings
from streams.wix.auth import TOKEN_PATH
from streams.wix.client import WixClient
from streams.wix.errors import (
    WixError,
)
from tests.streams.wix_site import SITE

OTHER_SITE = "99999999-9999-4999-8999-999999999999"
SECRET = "very-secret"
PATH = "/some/v1/thing"

Answering = Callable[[httpx.Request], httpx.Response]


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Wire:
    """What Wix's side of the wire sees and says. Tokens are numbered; calls get what `answer` says."""

    def __init__(self, answer: Answering | httpx.Response | None = None, life: Any = 14400) -> None:
        self.answer = answer or httpx.Response(200, json={})
        self.life = life
        self.token_answer: httpx.Response | None = None
        self.token_requests: list[dict[str, Any]] = []
        self.calls: list[httpx.Request] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == TOKEN_PATH:
            self.token_requests.append(json.loads(request.content))
            await asyncio.sleep(0)
            number = len(self.token_requests)
            token = {"access_token": f"token-{number}", "token_type": "Bearer", "expires_in": self.life}
            return self.token_answer or httpx.Response(200, json=token)
        self.calls.append(request)
        return self.answer(request) if callable(self.answer) else self.answer

    @property
    def authorizations(self) -> list[str]:
        return [call.headers["authorization"] for call in self.calls]


async def at_once(_: float) -> None:
    """Waits no time."""


def client(
    wire: Wire,
    clock: Clock | None = None,
    take: Callable[[str], None] | None = None,
    pause: Callable[[float], Awaitable[None]] = at_once,
    **given: Any,
) -> WixClient:
    settings: dict[str, Any] = {
        "wix_api_url": "https://wix.test",
        "wix_app_id": "our-app",
        "wix_app_secret": SecretStr(SECRET),
        "wix_timeout_seconds": 5,
    }
    return WixClient(
        WixSettings(_env_file=None, **(settings | given)),
        take=take,
        transport=httpx.MockTransport(wire),
        monotonic=clock or Clock(),
        pause=pause,
    )


async def error_of(answer: httpx.Response) -> WixError:
    """What the client raises for an answer."""
    async with client(Wire(answer)) as wix:
        with pytest.raises(WixError) as raised:
            await wix.request(SITE, "GET", PATH)
    return raised.value
