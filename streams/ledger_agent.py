"""The agent of `order-lifecycle`: rows into DuckDB in batches, from where DuckDB ends."""

import asyncio
import time
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
# A row waits for the batch before, for the pause and for its own batch: within a second, all in all.
SEEN_SECONDS, LEAST_PAUSE_SECONDS = 0.9, 0.1
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

        # How long the last batch took, and when the one was handed over that is being written.
        took, handed_over = 0.0, 0.0

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
            if self.handed_over:
                self.took, self.handed_over = time.monotonic() - self.handed_over, 0.0
            base: Any = super()
            active: Any = None

            async def poll(seconds: float) -> Mapping[Any, Sequence[Any]]:
                nonlocal active
                records, active = await base._wait_next_records(seconds)
                return records or {}

            polled = await gathered(poll, timeout, pause_after(self.took))
            self.handed_over = time.monotonic() if polled else 0.0
            return {place: [records] for place, records in polled.items()}, active

        def _to_message(self, tp: Any, record: Any) -> Any:
            """The last record's message, with all of the poll in place of its value."""
            message = super()._to_message(tp, record[-1])
            message.value = record
            return message

    return LedgerConsumer


def pause_after(batch_seconds: float) -> float:
    """How long to wait for more rows after a batch that took so long.

    Twice as long, so that readers have the machine meanwhile, unless a row would be seen too late.
    """
    return max(LEAST_PAUSE_SECONDS, min(2 * batch_seconds, SEEN_SECONDS - 2 * batch_seconds))


async def gathered(
    poll: Callable[[float], Awaitable[Mapping[Any, Sequence[Any]]]], first_seconds: float, pause: float
) -> dict[Any, list[Any]]:
    """What comes until a pause after the first records is over, or there are enough for a batch.

    Each record once, in order, since a rebalance between two polls goes back to where DuckDB ends.
    """
    polled = _by_offset({}, await poll(first_seconds))
    until = time.monotonic() + pause
    came = sum(map(len, polled.values()))
    while polled and came < BATCH and (left := until - time.monotonic()) > 0:
        before = came
        # The first poll brings but what was fetched beside the batch before.
        polled = _by_offset(polled, await poll(left))
        came = sum(map(len, polled.values()))
        if came - before < FEW:
            await asyncio.sleep(min(NAP_SECONDS, max(0.0, until - time.monotonic())))
    return {place: [found[offset] for offset in sorted(found)] for place, found in polled.items()}


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
