"""The agent of `order-lifecycle`: rows into DuckDB in batches, from where DuckDB ends."""

import asyncio
import time
from typing import Any

from analytics.ledger import AnotherLog
from ingest.settings import KafkaSettings
from ingest.topics import ORDER_LIFECYCLE
from streams.ledger_seat import LedgerSeat
from streams.ledger_swap import ledger_record
from streams.meters import LedgerMeters

# A batch is what has come while the one before was written, at most so many rows: the larger it is the
# less a row costs (0.2 ms in batches of 1 000, 0.1 in 10 000), but none is read before all are written.
BATCH = 10_000
# A moment for more to come, so that a few rows a second are not a batch each.
LINGER_SECONDS = 0.1
LOOK_SECONDS = 0.005


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
            records, active = await super()._wait_next_records(timeout)
            polled = {place: list(found) for place, found in (records or {}).items() if found}
            until = time.monotonic() + LINGER_SECONDS
            while polled and sum(map(len, polled.values())) < BATCH and not self.should_stop:
                left = until - time.monotonic()
                if left <= 0:
                    break
                # The first poll brings but what was fetched beside the batch before.
                more, _ = await super()._wait_next_records(left)
                for place, found in (more or {}).items():
                    polled.setdefault(place, []).extend(found)
            return {place: [_in_order(found)] for place, found in polled.items()}, active

        def _to_message(self, tp: Any, record: Any) -> Any:
            """The last record's message, with all of the poll in place of its value."""
            message = super()._to_message(tp, record[-1])
            message.value = record
            return message

    return LedgerConsumer


def _in_order(polled: list[Any]) -> list[Any]:
    """Each record once: a rebalance between two polls goes back to where DuckDB ends."""
    return sorted({record.offset: record for record in polled}.values(), key=lambda record: record.offset)


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
