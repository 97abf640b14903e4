"""A record that a bug fails on is held, unacknowledged, while its flow is paused.

Faust acknowledges whatever an agent's body was handed once the body is left, also when the process
stops or its partitions go elsewhere. So a body that must leave with a held record says so here first,
and the consumer then commits nothing from the held record on: whoever reads next begins there.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from faust.transport.drivers.aiokafka import Consumer

from streams.dead_letter import RawRecord
from streams.outbox import Outbox, OutboxAway
from streams.pause import Bug, Paused

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
LEAVE_SECONDS = 0.1

# By full topic name and partition, the first offset that must not be committed.
Caps = dict[tuple[str, int], int]


class Leaving(Exception):
    """The process stops, or its partitions go elsewhere: leave the body, and say what is held."""


class Hold:
    """What an agent asks when a bug ended all tries of a record.

    `leaving` tells that bodies must end: the process stops, or partitions are dealt out anew.
    """

    def __init__(self, outbox: Outbox, prefix: str = "", leaving: Callable[[], bool] = lambda: False) -> None:
        self.caps: Caps = {}
        # Topics whose records are held just now, and how many agents wait for the outbox.
        self._held: Counter[str] = Counter()
        self._waiting = 0
        self._outbox = outbox
        self._prefix = prefix
        self._leaving = leaving

    async def gives_up(self, bug: Bug) -> bool:
        """Whether the record becomes a dead letter; False: its flow was paused and goes on, so try again.

        Raises:
            Leaving: the flow is still paused, and the body has to end.
        """
        if not await self._must_hold(bug):
            return True
        log.error("%s is paused: %s at %s is held", bug.flow, bug.error, bug.place)
        # By then another agent may have paused the flow anew: that is another pause.
        pause = await self._pause_of(bug.flow)
        with self._holding(bug.place.partition("/")[0]):
            while pause is not None and await self._pause_of(bug.flow) == pause:
                await self._wait(LOOK_SECONDS)
        log.warning("%s goes on with %s", bug.flow, bug.place)
        return False

    @property
    def held_topics(self) -> frozenset[str]:
        """The topics of which a record is held now."""
        return frozenset(self._held)

    @property
    def is_waiting(self) -> bool:
        """Whether an agent waits for the outbox to come back."""
        return self._waiting > 0

    @contextmanager
    def waiting_for_outbox(self) -> Iterator[None]:
        """Around a wait for an outbox that is away, so that nobody takes it for a hang."""
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    @contextmanager
    def _holding(self, topic: str) -> Iterator[None]:
        self._held[topic] += 1
        try:
            yield
        finally:
            self._held[topic] -= 1
            self._held += Counter()  # drops what is at zero

    def leave(self, records: Sequence[RawRecord]) -> None:
        """Let none of these be committed; they are read again."""
        for raw in records:
            place = (f"{self._prefix}{raw.source.topic}", raw.source.partition)
            self.caps[place] = min(raw.source.offset, self.caps.get(place, raw.source.offset))

    async def _must_hold(self, bug: Bug) -> bool:
        while True:
            try:
                return await self._outbox.note_bug(bug)
            except OutboxAway as away:
                log.warning("%s", away)
                with self.waiting_for_outbox():
                    await self._wait(LOOK_SECONDS)

    async def _pause_of(self, flow: str) -> Paused | None:
        while True:
            try:
                return next((one for one in await self._outbox.paused() if one.flow == flow), None)
            except OutboxAway as away:
                log.warning("%s", away)
                with self.waiting_for_outbox():
                    await self._wait(LOOK_SECONDS)

    async def _wait(self, seconds: float) -> None:
        for _ in range(round(seconds / LEAVE_SECONDS)):
            if self._leaving():
                raise Leaving
            await asyncio.sleep(LEAVE_SECONDS)


def capped(caps: Caps) -> type[Any]:
    """A consumer that commits nothing from a cap on. Private API of Faust, whose version is pinned."""

    class CappedConsumer(Consumer):
        def _new_offset(self, tp: Any) -> int | None:
            cap = caps.get((tp.topic, tp.partition))
            if cap is not None:
                self._acked[tp] = [offset for offset in self._acked[tp] if offset < cap]
            offset: int | None = super()._new_offset(tp)
            return offset

        async def on_partitions_assigned(self, assigned: Any, generation_id: int = 0) -> None:
            # What is read from here on begins at the committed offset, so at the cap or before.
            caps.clear()
            await super().on_partitions_assigned(assigned, generation_id)

    return CappedConsumer
