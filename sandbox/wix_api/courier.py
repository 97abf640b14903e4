"""Events become signed webhooks on their way: tried again until the receiver answers 200."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

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

    def __init__(self, sign: Sign, url: str, *, left_behind: Path | None = None) -> None:
        self._sign = sign
        self._left_behind = left_behind
        self._url = url
        self._due: asyncio.Queue[_Letter] = asyncio.Queue()
        # In order, which a set would not keep.
        self._undelivered: dict[_Letter, None] = {}
        self.delivered = 0

    @property
    def waiting(self) -> int:
        """How many events have not been answered with 200 yet."""
        return len(self._undelivered)

    def send(self, event: Event) -> None:
        """Sign an event and leave it to be delivered; nothing is sent without an address."""
        if self._url:
            letter = _Letter(event.event_type, self._sign(event))
            self._undelivered[letter] = None
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

    def take_up(self) -> None:
        """Go on with what was left behind when the sandbox last stopped."""
        if self._url and self._left_behind is not None:
            for letter in _read(self._left_behind):
                self._undelivered[letter] = None
                self._due.put_nowait(letter)

    def leave_behind(self) -> None:
        """Write down what is not yet delivered, for the next one to go on with; forget it here."""
        if self._left_behind is not None:
            _write(self._left_behind, list(self._undelivered))
        self.forget()

    async def _deliver(self, http: httpx.AsyncClient, letter: _Letter) -> None:
        status = await self._status(http, letter)
        if status == 200:
            self.delivered += 1
            self._undelivered.pop(letter, None)
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


def _read(path: Path) -> Iterator[_Letter]:
    if not path.exists():
        return
    for line in path.read_text().splitlines():
        event_type, jwt = json.loads(line)
        yield _Letter(event_type, jwt.encode())
    path.unlink()


def _write(path: Path, letters: list[_Letter]) -> None:
    if not letters:
        return
    # They hold what happened to people's orders: for the owner's eyes only.
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text("".join(json.dumps([one.event_type, one.jwt.decode()]) + "\n" for one in letters))
    log.info("%d webhooks are left for the next start: %s", len(letters), path)
