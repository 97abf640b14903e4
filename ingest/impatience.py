"""An HTTP server that waits for nobody for long: who trickles, idles or doesn't read is hung up on.

uvicorn bounds only the pause between two requests of a connection. Every port of ours is served like this.
"""

import asyncio
import resource
from dataclasses import dataclass

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long and for how much a client is waited for, in seconds and bytes.

    `head`: the first byte to the end of the headers, also on a connection that says nothing at all.
    `rest`: the rest of a body that nobody wants, so that its sender still reads the answer.
    `read`: an answer that the client does not take. With more than `connections`, or half of what
    files the process may open, the one that has idled longest makes room.
    """

    head: float = 10.0
    rest: float = 2.0
    read: float = 60.0
    head_bytes: int = 64 * 1024
    connections: int = 2_000


def impatient(patience: Patience | None = None) -> type[HttpToolsProtocol]:
    """What uvicorn takes as `http`."""
    allowed = patience or Patience()

    class Impatient(_Impatient):
        patience = allowed

    return Impatient


class _Impatient(HttpToolsProtocol):
    patience: Patience
    _timer: asyncio.TimerHandle | None = None
    _read_timer: asyncio.TimerHandle | None = None
    _is_lingering = False
    _since = 0.0
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn's own
        super().connection_made(transport)
        self._since = self.loop.time()
        self._wait(self.patience.head)
        if len(self.connections) > _most(self.patience):
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._done_waiting()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._timer is None and self._is_idle():
            self._wait(self.patience.head)
        # Taken down by `on_headers_complete` if this completes them.
        self._head_bytes += len(data)
        super().data_received(data)
        if self._timer is not None and not self._is_lingering and self._head_bytes > self.patience.head_bytes:
            self._hang_up()

    def on_headers_complete(self) -> None:
        self._done_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self._is_lingering:
            self._wait(float(self.timeout_keep_alive))

    def on_response_complete(self) -> None:
        self._since = self.loop.time()
        if self.cycle.more_body and not self.pipeline:
            self._wait(self.patience.rest)
            self._is_lingering = True
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._read_timer = self.loop.call_later(self.patience.read, self._hang_up)

    def resume_writing(self) -> None:
        if self._read_timer is not None:
            self._read_timer.cancel()
            self._read_timer = None
        super().resume_writing()

    def _is_idle(self) -> bool:
        """No request is under way whose headers have come."""
        return self.cycle is None or bool(self.cycle.response_complete)

    def _wait(self, seconds: float) -> None:
        self._done_waiting()
        self._timer = self.loop.call_later(seconds, self._hang_up)

    def _done_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._is_lingering, self._head_bytes = None, False, 0

    def _hang_up(self) -> None:
        # At once: closing would wait for what a slow client has not read.
        self.transport.abort()

    def _make_room(self) -> None:
        idle = [one for one in self.connections if isinstance(one, _Impatient) and one._is_idle()]
        if idle:
            min(idle, key=lambda one: one._since)._hang_up()


def _most(patience: Patience) -> int:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(patience.connections, files // 2) if files > 0 else patience.connections
