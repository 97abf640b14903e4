"""Alerts are posted to ALERT_URL: each trouble once in a while, few an hour, and never in anybody's way."""

import asyncio
import contextlib
import json
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from streams.alert import Alert
from streams.settings import AlertSettings

log = logging.getLogger(__name__)

HOUR_SECONDS = 3600.0
TIMEOUT_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
# What waits for a receiver that is away.
MOST_WAITING = 100
# Statuses after which the same may succeed later; any other refusal is for good.
BUSY = (408, 425, 429)


class Told:
    """Which troubles were told and when, kept in a file, so that a restart doesn't tell them all again."""

    def __init__(self, path: Path, for_seconds: float) -> None:
        self._path, self._for_seconds = path, for_seconds
        self._at: dict[str, float] = _read(path)

    def is_new(self, key: str, now: float) -> bool:
        """Whether this trouble was not told lately."""
        at = self._at.get(key)
        return at is None or now - at >= self._for_seconds

    def note(self, key: str, now: float) -> None:
        """It is told now."""
        kept = {other: at for other, at in self._at.items() if now - at < self._for_seconds}
        self._at = {**kept, key: now}

    def forget(self, key: str) -> None:
        """It could not be told after all."""
        self._at.pop(key, None)

    def save(self) -> None:
        """Keep it; a disk that is full costs a repetition, no more."""
        beside = self._path.with_suffix(".new")
        with contextlib.suppress(OSError):
            beside.write_text(json.dumps(self._at))
            beside.replace(self._path)


class Alerts:
    """Takes alerts at any time and posts them beside everything else; without ALERT_URL it drops them.

    `count` is told what became of each: sent, repeated, refused or dropped.
    """

    def __init__(
        self,
        settings: AlertSettings,
        book: Path,
        *,
        count: Callable[[str], None] = lambda outcome: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url = settings.alert_url.get_secret_value()
        self._per_hour = settings.alerts_per_hour
        self._told = Told(book, settings.alert_repeat.total_seconds())
        self._count, self._clock = count, clock
        self._waiting: deque[Alert] = deque()
        self._news = asyncio.Event()
        self._sent: deque[float] = deque()
        self._left_out = 0

    def tell(self, alert: Alert | None) -> None:
        """Have it posted soon, unless the same trouble was told lately; never waits and never raises."""
        if alert is None or not self._url:
            return
        now = self._clock()
        if not self._told.is_new(alert.key, now):
            self._count("repeated")
            return
        if len(self._waiting) >= MOST_WAITING:
            self._left_out += 1
            self._count("dropped")
            return
        self._told.note(alert.key, now)
        self._waiting.append(alert)
        self._news.set()

    @asynccontextmanager
    async def posting(self) -> AsyncIterator[None]:
        """Post while the block runs; what still waits afterwards is told anew by the next process."""
        task = asyncio.create_task(self._post_all(), name="alerts") if self._url else None
        try:
            yield
        finally:
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _post_all(self) -> None:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, headers={"user-agent": "orderline"}) as http:
            while True:
                await self._news.wait()
                self._news.clear()
                while self._waiting:
                    await self._slot()
                    await self._post(http, self._waiting[0])
                    self._waiting.popleft()

    async def _slot(self) -> None:
        """Wait until fewer than so many were sent within an hour."""
        while True:
            now = self._clock()
            while self._sent and now - self._sent[0] >= HOUR_SECONDS:
                self._sent.popleft()
            if len(self._sent) < self._per_hour:
                self._sent.append(now)
                return
            await asyncio.sleep(min(LONGEST_PAUSE_SECONDS, HOUR_SECONDS - (now - self._sent[0])))

    async def _post(self, http: httpx.AsyncClient, alert: Alert) -> None:
        """Post one, for as long as the receiver is away; afterwards it is sent or refused."""
        pause = FIRST_PAUSE_SECONDS
        while (status := await self._answer(http, alert)) is None or status in BUSY or status >= 500:
            # Never the address, which may hold a token.
            log.warning("ALERT_URL took no alert (%s); trying again in %.0f s", status or "no answer", pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        if 200 <= status < 300:
            self._left_out = 0
            self._count("sent")
            self._told.save()
            return
        log.error("ALERT_URL refused an alert with %d: %s", status, alert.text)
        self._told.forget(alert.key)
        self._count("refused")

    async def _answer(self, http: httpx.AsyncClient, alert: Alert) -> int | None:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await http.post(self._url, json=alert.body(self._left_out))
        except (httpx.HTTPError, OSError):  # TimeoutError is an OSError
            return None
        return answer.status_code


def _read(path: Path) -> dict[str, float]:
    """What was noted before; a file that can't be read counts as none."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return {str(key): float(at) for key, at in found.items()} if isinstance(found, dict) else {}
