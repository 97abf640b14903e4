"""RowPublisher: rows and dead letters onto the log, each acknowledged before the caller goes on."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from analytics.lifecycle import LifecycleRow
from ingest.record import Headers
from ingest.settings import KafkaSettings
from ingest.topics import DEAD_LETTERS, ORDER_LIFECYCLE
from streams.dead_letter import DeadLetter
from streams.lifecycle import from_dead_letter

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
# The topics take records of 4 MiB (ingest.admin); the rest is the batch's own header.
MAX_REQUEST_BYTES = 4 * 1024 * 1024 + 64 * 1024
LINGER_MS = 2

Record = tuple[str, bytes | None, bytes | None, Headers]


class RowPublisher:
    """Publishes and waits for the broker's ack; while the broker is away it keeps trying.

    What it sends twice after a lost ack is the same row with the same id, which merges.
    """

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        self._producer = AIOKafkaProducer(
            **self._kafka.aiokafka_options(),
            acks="all",
            enable_idempotence=True,
            linger_ms=LINGER_MS,
            max_request_size=MAX_REQUEST_BYTES,
            compression_type="gzip",
        )
        await self._producer.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._producer is not None:
            await self._producer.stop()

    async def rows(self, rows: Iterable[LifecycleRow]) -> None:
        """Publish rows in their order; returns when all are acknowledged."""
        topic = ORDER_LIFECYCLE.full_name(self._kafka.topic_prefix)
        await self._publish([(topic, row.instance_id.encode(), row.to_bytes(), []) for row in rows])

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
            results = await asyncio.gather(*map(self._send, waiting), return_exceptions=True)
            failed = [(one, error) for one, error in zip(waiting, results, strict=True) if error is not None]
            waiting = [one for one, _ in failed]
            for _, error in failed:
                if not isinstance(error, KafkaError) or isinstance(error, MessageSizeTooLargeError):
                    raise error
            if failed:
                log.warning(
                    "publish: %s, trying again (%d waiting)", type(failed[0][1]).__name__, len(failed)
                )
                await asyncio.sleep(RETRY_SECONDS)

    async def _send(self, record: Record) -> None:
        if self._producer is None:
            raise RuntimeError("RowPublisher is used inside `async with` only")
        topic, key, value, headers = record
        await self._producer.send_and_wait(topic, value=value, key=key, headers=headers)
