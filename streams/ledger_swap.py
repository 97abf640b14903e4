"""A ledger is brought up to an offset of `order-lifecycle` in bulk, by a plain consumer."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from analytics.ledger import Ledger, LedgerRecord
from ingest.settings import KafkaSettings
from ingest.topics import ORDER_LIFECYCLE
from streams.row_reader import read_log

TOPIC = ORDER_LIFECYCLE.name


def nobody(_: int) -> None:
    """Nobody is told how many rows were read."""


async def catch_up(
    ledger: Ledger, kafka: KafkaSettings, topic_id: str, *, upto: int, tell: Callable[[int], None] = nobody
) -> None:
    """Append what lies between the ledger's end and `upto`; `tell` hears the size of each batch.

    Raises:
        AnotherLog: the ledger was filled from another topic.
    """
    begin = await asyncio.to_thread(ledger.next_offset, TOPIC, 0, topic_id)
    async for (topic, partition), records in read_log(kafka, {(TOPIC, 0): begin}, {(TOPIC, 0): upto}):
        batch = [ledger_record(one.offset, one.timestamp / 1000, one.value) for one in records]
        append = partial(ledger.append, batch, topic=topic, partition=partition, topic_id=topic_id)
        await asyncio.to_thread(append)
        tell(len(batch))


def ledger_record(offset: int, timestamp_seconds: float, value: bytes | None) -> LedgerRecord:
    """One record as the ledger takes it; its time is the broker's, when the row became known."""
    known_at = datetime.fromtimestamp(round(timestamp_seconds * 1000) / 1000, UTC)
    return LedgerRecord(offset=offset, known_at=known_at, value=value or b"")
