"""PatientClient: WixClient for who has nothing else to do than to wait for a site's turn."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from streams.quota import QuotaWait
from streams.settings import WixSettings
from streams.wix.answer import Answer
from streams.wix.client import Params, WixClient


class PatientClient(WixClient):
    """Waits for its turn where the flows would come back later; `tell` hears until when."""

    def __init__(
        self,
        settings: WixSettings,
        *,
        take: Callable[[str], None] | None = None,
        tell: Callable[[datetime], None] = lambda until: None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(settings, take=take, transport=transport)
        self._tell = tell

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
        """As `WixClient.request`, but without QuotaWait."""
        while True:
            try:
                return await super().request(site, method, path, json=json, params=params, is_read=is_read)
            except QuotaWait as wait:
                self._tell(wait.until)
                await asyncio.sleep(max(0.0, (wait.until - datetime.now(UTC)).total_seconds()))
