"""The agent of `order-lifecycle`: rows into DuckDB in batches, from where DuckDB ends."""

import asyncio
from typing import Any

from analytics.ledger import AnotherLog
from ingest.settings import KafkaSettings
from ingest.topics import ORDER_LIFECYCLE
from streams.ledger_seat import LedgerSeat
from streams.ledger_swap import ledger_record
from streams.meters import LedgerMeters

BATCH = 5000
BATCH_WITHIN_SECONDS = 0.25


def ledger_consumer(seat: LedgerSeat, stop: asyncio.Event) -> type:
    """A Faust consumer that starts where DuckDB ends, whatever the group has committed.

    Faust seeks to the committed offsets after every rebalance; this is the method it uses.
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

    return LedgerConsumer


def register(
    app: Any, kafka: KafkaSettings, seat: LedgerSeat, meters: LedgerMeters, stop: asyncio.Event
) -> None:
    """Give the app its one agent, which acknowledges rows only when DuckDB holds them."""

    async def write(stream: Any) -> None:
        async for events in stream.take_events(BATCH, within=BATCH_WITHIN_SECONDS):
            messages = [event.message for event in events]
            records = [ledger_record(one.offset, one.timestamp, one.value) for one in messages]
            try:
                meters.rows.inc(await seat.append(records))
            except AnotherLog:
                stop.set()
                await asyncio.Event().wait()  # nothing may be acknowledged any more

    topic = app.topic(ORDER_LIFECYCLE.full_name(kafka.topic_prefix))
    app.agent(topic, name="ledger")(write)
