"""RowPublisher: rows and dead letters onto the log, each acknowledged before the caller goes on."""

import asyncio
import logging
from collections.abc import Awaitable, Iterable, Sequence
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError, MessageSizeTooLargeError

from analytics.lifecycle import LifecycleRow
from analytics.wire import row_header
from ingest.record import EventRecord, Headers
from ingest.settings import KafkaSettings
from ingest.topics import DEAD_LETTERS, ORDER_LIFECYCLE
from streams.dead_letter import DeadLetter
from streams.lifecycle import from_dead_letter
from streams.running import LogLost

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
# The topics take records of 4 MiB (ingest.admin); the rest is the batch's own header.
MAX_REQUEST_BYTES = 4 * 1024 * 1024 + 64 * 1024
LINGER_MS = 2
# Rows resemble one another: a tenth of their bytes remains. Gzip takes eight times as long to pack them, and
# five to unpack.
COMPRESSION = "zstd"

Record = tuple[str, bytes | None, bytes | None, Headers]


class RowPublisher:
    """Publishes and waits for the broker's ack; while the broker is away it keeps trying.

    What it sends twice after a lost ack is the same row with the same id, which merges.
    """

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            LogLost: Kafka does not answer just now.
        """
        self._producer = AIOKafkaProducer(
            **self._kafka.aiokafka_options(),
            acks="all",
            enable_idempotence=True,
            linger_ms=LINGER_MS,
            max_request_size=MAX_REQUEST_BYTES,
            compression_type=COMPRESSION,
        )
        try:
            await self._producer.start()
        except KafkaConnectionError as error:
            await self._producer.stop()
            raise LogLost(error) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._producer is not None:
            await self._producer.stop()

    async def rows(self, rows: Iterable[LifecycleRow]) -> None:
        """Publish rows in their order; returns when all are acknowledged."""
        topic, header = ORDER_LIFECYCLE.full_name(self._kafka.topic_prefix), row_header()
        await self._publish([(topic, row.instance_id.encode(), row.to_bytes(), [header]) for row in rows])

    async def snapshots(self, snapshots: Iterable[EventRecord]) -> None:
        """Publish what Wix's lists said; returns when all is acknowledged."""
        prefix = self._kafka.topic_prefix
        await self._publish([(prefix + one.topic, one.key, one.value, one.headers) for one in snapshots])

    async def dead_letter(self, letter: DeadLetter) -> None:
        """Keep a record whole on the topic of dead letters, then write its row."""
        topic = DEAD_LETTERS.full_name(self._kafka.topic_prefix)
        record = letter.record
        try:
            await self._publish([(topic, record.key, record.value, letter.headers)])
        except MessageSizeTooLargeError:
            # It lies at its source as long as that topic keeps it.
            await self._publish([(topic, record.key, None, letter.headers)])
        log.warning("dead letter: %s at %s (%s)", letter.reason, letter.place, letter.fingerprint)
        await self.rows([from_dead_letter(letter)])

    async def _publish(self, records: Sequence[Record]) -> None:
        waiting = list(records)
        while waiting:
            failed = await self._send(waiting)
            waiting = [record for record, _ in failed]
            if failed:
                kind = type(failed[0][1]).__name__
                log.warning("publish: %s, trying again (%d waiting)", kind, len(failed))
                await asyncio.sleep(RETRY_SECONDS)

    async def _send(self, records: Sequence[Record]) -> list[tuple[Record, KafkaError]]:
        """Hand over one after the other, then wait for all acks; what got none is handed back.

        Thousands of waiting senders would wake each other at every full batch (measured: 25 times
        slower than one after the other).
        """
        sent = [(record, await self._handed_over(record)) for record in records]
        failed = []
        for record, ack in sent:
            try:
                await ack
            except MessageSizeTooLargeError:
                raise
            except KafkaError as error:
                failed.append((record, error))
        return failed

    async def _handed_over(self, record: Record) -> Awaitable[Any]:
        """The ack to come; an error at the hand-over is one of the ack."""
        if self._producer is None:
            raise RuntimeError("RowPublisher is used inside `async with` only")
        topic, key, value, headers = record
        try:
            ack: Awaitable[Any] = await self._producer.send(topic, value=value, key=key, headers=headers)
        except KafkaError as error:
            ack = asyncio.get_running_loop().create_future()
            ack.set_exception(error)
        return ack
