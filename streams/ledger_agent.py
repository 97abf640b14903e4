"""The agent of `order-lifecycle`: rows into DuckDB in batches, from where DuckDB ends."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from analytics.ledger import AnotherLog
from ingest.settings import KafkaSettings
from ingest.topics import ORDER_LIFECYCLE
from streams.ledger_seat import LedgerSeat
from streams.ledger_swap import ledger_record
from streams.meters import LedgerMeters

# A batch is what has come while the one before was written and a pause after it, at most so many rows: the
# larger it is the less a row costs, but none is read before all are written.
BATCH = 10_000
# A row waits for the batch before, for the pause and for its own batch. It is to be seen within a second, of
# which the way here and the answer that shows it take a quarter, and a batch may take longer than the last.
SEEN_SECONDS, WRITTEN_SECONDS = 1.0, 0.6
LEAST_PAUSE_SECONDS = 0.02
LOOK_SECONDS = 0.005
# While rows come one by one they are looked for seldom, since each look takes a millisecond.
FEW, NAP_SECONDS = 500, 0.02


def ledger_consumer(seat: LedgerSeat, stop: asyncio.Event) -> type:
    """A Faust consumer that starts where DuckDB ends, whatever the group has committed; it hands over polls.

    Faust seeks to the committed offsets after every rebalance; `seek_to_committed` is the method it uses.
    All of a poll goes through Faust as one message: Faust takes 170 µs for each, and a record a message,
    rows came no faster than 2 300 a second. Private API of Faust, whose version is pinned.
    """
    # Faust is loaded when it is used: its imports start a program (`file`).
    from faust.transport.drivers.aiokafka import Consumer

    class LedgerConsumer(Consumer):
        # Faust names its loggers by this.
        __module__ = Consumer.__module__

        pace = Pace()

        async def seek_to_committed(self) -> Any:
            offsets = dict(await super().seek_to_committed())
            for place in self.assignment():
                try:
                    offsets[place] = await seat.next_offset()
                except AnotherLog:
                    stop.set()
                    continue
                await self._seek(place, offsets[place])
            return offsets

        async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's own signature
            while self.unacked and not self.should_stop:
                await self.sleep(LOOK_SECONDS)
            self.pace.wrote()
            base: Any = super()
            active: Any = None

            async def poll(seconds: float) -> Mapping[Any, Sequence[Any]]:
                nonlocal active
                records, active = await base._wait_next_records(seconds)
                return records or {}

            polled = await gathered(poll, timeout, self.pace.pause)
            if polled:
                self.pace.hand_over()
            return {place: [records] for place, records in polled.items()}, active

        def _to_message(self, tp: Any, record: Any) -> Any:
            """The last record's message, with all of the poll in place of its value."""
            message = super()._to_message(tp, record[-1])
            message.value = record
            return message

    return LedgerConsumer


class Pace:
    """When batches were handed over and written, and so how long to wait for more rows before the next."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._handed_over, self._is_writing = 0.0, False
        # The last two, since one alone may have been held up by something that is over.
        self._took = deque([0.0, 0.0], maxlen=2)

    def hand_over(self) -> None:
        """A batch is about to be written."""
        self._handed_over, self._is_writing = self._clock(), True

    def wrote(self) -> None:
        """It is written, if there was one."""
        if self._is_writing:
            self._is_writing = False
            self._took.append(self._clock() - self._handed_over)

    def pause(self, oldest: float) -> float:
        """For what else may come, when the oldest record here came then by the broker's clock.

        Whatever the clocks say, none has waited longer than since the last batch.
        """
        waited = min(max(0.0, time.time() - oldest), self._clock() - self._handed_over)
        return pause_after(min(self._took), waited)


def pause_after(batch_seconds: float, waited_seconds: float) -> float:
    """How long to wait after a batch that took so long, when the oldest row here has waited so long.

    Twice as long as the batch, so that readers have the machine meanwhile, unless a row would be seen too
    late. If it would be anyway, half as long.
    """
    if 2 * batch_seconds >= SEEN_SECONDS:
        return batch_seconds / 2
    return max(LEAST_PAUSE_SECONDS, min(2 * batch_seconds, WRITTEN_SECONDS - batch_seconds - waited_seconds))


async def gathered(
    poll: Callable[[float], Awaitable[Mapping[Any, Sequence[Any]]]],
    first_seconds: float,
    pause: Callable[[float], float],
) -> dict[Any, list[Any]]:
    """What comes until a pause after the first records is over, or there are enough for a batch.

    `pause` is told when the oldest of the first records came to the log. Each record once, in order, since a
    rebalance between two polls goes back to where DuckDB ends.
    """
    polled = _by_offset({}, await poll(first_seconds))
    came = sum(map(len, polled.values()))
    if not came:
        return {}
    until = time.monotonic() + pause(_oldest(polled))
    while came < BATCH and (left := until - time.monotonic()) > 0:
        before = came
        # The first poll brings but what was fetched beside the batch before.
        polled = _by_offset(polled, await poll(left))
        came = sum(map(len, polled.values()))
        if came - before < FEW:
            await asyncio.sleep(min(NAP_SECONDS, max(0.0, until - time.monotonic())))
    return {place: [found[offset] for offset in sorted(found)] for place, found in polled.items()}


def _oldest(polled: Mapping[Any, Mapping[int, Any]]) -> float:
    """When the first of some records came to the log, in seconds; Kafka tells milliseconds."""
    return float(min(record.timestamp for found in polled.values() for record in found.values())) / 1000


def _by_offset(
    polled: dict[Any, dict[int, Any]], more: Mapping[Any, Sequence[Any]]
) -> dict[Any, dict[int, Any]]:
    for place, records in more.items():
        if records:
            polled.setdefault(place, {}).update((record.offset, record) for record in records)
    return polled


def register(
    app: Any, kafka: KafkaSettings, seat: LedgerSeat, meters: LedgerMeters, stop: asyncio.Event
) -> None:
    """Give the app its one agent, which acknowledges rows only when DuckDB holds them."""

    async def write(stream: Any) -> None:
        async for event in stream.events():
            polled = event.message.value
            records = [ledger_record(one.offset, one.timestamp / 1000, one.value) for one in polled]
            try:
                meters.rows.inc(await seat.append(records))
            except AnotherLog:
                stop.set()
                await asyncio.Event().wait()  # nothing may be acknowledged any more

    topic = app.topic(ORDER_LIFECYCLE.full_name(kafka.topic_prefix))
    app.agent(topic, name="ledger")(write)
