"""A process that hangs leaves with code 70, and its supervisor starts it again: what it had is read again.

Two things are watched from a thread of their own, so that a blocked event loop is seen as well: that
the loop answers, and that positions move where records wait: the group's in the worker, DuckDB's in the
ledger. The broker is asked where the log ends, so a broker that is away, or Wix being away (which holds
up no agent), never ends a process.
"""

import asyncio
import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import NoReturn

from ingest.admin import BrokerAway, beginning_offsets, committed, end_offsets
from ingest.settings import KafkaSettings
from ingest.topics import EVENT_TOPICS, ORDER_LIFECYCLE
from streams.running import START_AGAIN
from streams.stall import LogLook, Place, Reading, Stalls

log = logging.getLogger(__name__)

# Looks in the time after which something counts as hung.
LOOKS = 8
MOST_SECONDS_BETWEEN = 15.0
# The log may be what hangs (a full pipe): then the process leaves without a word.
LAST_WORD_SECONDS = 5.0

_EVENTS = [topic.name for topic in EVENT_TOPICS]


class Watchdog:
    """Looks at a running event loop until told to stop. `ask` is None where only the loop is watched.

    `reading` is called on the loop; `ask` (may raise `BrokerAway`) and `on_look` in the watchdog's thread.
    """

    def __init__(
        self,
        after: timedelta,
        *,
        loop: asyncio.AbstractEventLoop,
        reading: Callable[[], Reading] = Reading,
        ask: Callable[[], LogLook] | None = None,
        on_look: Callable[[], None] = lambda: None,
    ) -> None:
        self._after = after.total_seconds()
        self._every = min(self._after / LOOKS, MOST_SECONDS_BETWEEN)
        self._loop = loop
        self._read = reading
        self._ask = ask
        self._on_look = on_look
        self._stalls = Stalls()
        self._ended = threading.Event()
        self._answer: Reading | None = Reading()
        self._silent = 0.0
        self.still_seconds = 0.0
        # What the broker said last: why it is away, or "".
        self.broker_away = ""

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch while the block runs."""
        thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        thread.start()
        try:
            yield
        finally:
            # Not joined: it may be asking a broker that is silent, and does no harm.
            self._ended.set()

    def _watch(self) -> None:
        last = time.monotonic()
        while not self._ended.wait(self._every):
            now = time.monotonic()
            # A machine that slept, or a process that was stopped, has not hung meanwhile.
            elapsed = min(now - last, 2 * self._every)
            last = now
            reading = self._loop_answered(elapsed)
            if reading is not None:
                self._look_at_log(reading, elapsed)
            self._on_look()

    def _loop_answered(self, elapsed: float) -> Reading | None:
        """What the loop said of its reading since the last look; None while it is silent."""
        reading, self._answer = self._answer, None
        if reading is None:
            self._silent += elapsed
            if self._silent >= self._after:
                _leave(f"the event loop has not answered for {self._silent:.0f} s")
            return None
        self._silent = 0.0
        try:
            self._loop.call_soon_threadsafe(self._beat)
        except RuntimeError:  # the loop is closed: the process ends
            self._ended.set()
        return reading

    def _beat(self) -> None:
        self._answer = self._read()

    def _look_at_log(self, reading: Reading, elapsed: float) -> None:
        if self._ask is None:
            return
        look = self._asked(self._ask)
        if look is None:
            self._stalls.forget()
            self.still_seconds = 0.0
            return
        still = self._stalls.saw(reading, look, elapsed)
        self.still_seconds = still.seconds if still else 0.0
        if still is not None and still.seconds >= self._after:
            _leave(f"{still.what}, since {still.seconds:.0f} s, though the broker answers")

    def _asked(self, ask: Callable[[], LogLook]) -> LogLook | None:
        """What the broker says; None when it doesn't answer."""
        try:
            look = ask()
        except BrokerAway as away:
            self.broker_away = away.reason
            return None
        except Exception:
            # A bug in asking is no sign of a hang, and must not end the watching.
            log.exception("the watchdog could not look at the log")
            return None
        self.broker_away = ""
        return look


def look_at_log(kafka: KafkaSettings, group: str) -> LogLook:
    """The group's positions and the log's ends, as the broker has them.

    Raises:
        BrokerAway: it does not answer.
    """
    # Committed first: what is committed then lies below the ends.
    return _look(kafka, _EVENTS, committed(kafka, group, _EVENTS))


def look_at_rows(kafka: KafkaSettings, read_to: int) -> LogLook:
    """How far the ledger's file holds the rows, and where their topic ends.

    Raises:
        BrokerAway: it does not answer.
    """
    return _look(kafka, [ORDER_LIFECYCLE.name], {(ORDER_LIFECYCLE.name, 0): read_to})


def _look(kafka: KafkaSettings, topics: list[str], done: Mapping[Place, int]) -> LogLook:
    ends = end_offsets(kafka, topics)
    is_behind = any(end > done.get(place, 0) for place, end in ends.items())
    return LogLook(committed=done, begins=beginning_offsets(kafka, topics) if is_behind else {}, ends=ends)


def _leave(why: str) -> NoReturn:
    threading.Timer(LAST_WORD_SECONDS, os._exit, (START_AGAIN,)).start()
    log.critical("hung: %s. Leaving with code %d, to be started again.", why, START_AGAIN)
    # Where every thread stands, without the values of anything.
    faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
    os._exit(START_AGAIN)
