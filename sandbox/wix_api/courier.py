"""Events become signed webhooks on their way: tried again until the receiver answers 200."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from sandbox.webhooks import post
from sandbox.wix_api.events import Event

# Wix waits a minute at first and gives up after two days; on one machine seconds are enough.
FIRST_RETRY_SECONDS = 0.2
LONGEST_RETRY_SECONDS = 5.0

log = logging.getLogger(__name__)

Sign = Callable[[Event], bytes]


@dataclass(slots=True, eq=False)
class _Letter:
    event_type: str
    jwt: bytes
    tries: int = 0

    @property
    def pause(self) -> float:
        return float(min(FIRST_RETRY_SECONDS * 2**self.tries, LONGEST_RETRY_SECONDS))


class Courier:
    """Delivers in the background: in order while all goes well, and one failure holds up no other."""

    def __init__(self, sign: Sign, url: str) -> None:
        self._sign = sign
        self._url = url
        self._due: asyncio.Queue[_Letter] = asyncio.Queue()
        self._undelivered: set[_Letter] = set()
        self.delivered = 0

    @property
    def waiting(self) -> int:
        """How many events have not been answered with 200 yet."""
        return len(self._undelivered)

    def send(self, event: Event) -> None:
        """Sign an event and leave it to be delivered; nothing is sent without an address."""
        if self._url:
            letter = _Letter(event.event_type, self._sign(event))
            self._undelivered.add(letter)
            self._due.put_nowait(letter)

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with httpx.AsyncClient() as http:
            while True:
                letter = await self._due.get()
                if letter in self._undelivered:
                    await self._deliver(http, letter)

    def forget(self) -> None:
        """Drop what is not yet delivered."""
        self._undelivered.clear()

    async def _deliver(self, http: httpx.AsyncClient, letter: _Letter) -> None:
        status = await self._status(http, letter)
        if status == 200:
            self.delivered += 1
            self._undelivered.discard(letter)
            return
        if letter.tries == 0:
            log.warning(
                "webhook %s: %s; sending it again until 200", letter.event_type, status or "no answer"
            )
        asyncio.get_running_loop().call_later(letter.pause, self._due.put_nowait, letter)
        letter.tries += 1

    async def _status(self, http: httpx.AsyncClient, letter: _Letter) -> int:
        try:
            return await post(http, self._url, letter.jwt)
        except httpx.TransportError:
            return 0
