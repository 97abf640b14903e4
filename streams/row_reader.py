"""Records of the log read in bulk by a plain consumer: for replay, rebuild and catching up."""

import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from ingest.settings import KafkaSettings

log = logging.getLogger(__name__)

POLL_MS = 500
# There are records to read, which takes milliseconds.
SILENT_SECONDS = 10.0
FETCH_BYTES = 4 * 1024 * 1024
RECORDS_PER_POLL = 5000

Place = tuple[str, int]
Records = list[ConsumerRecord[bytes, bytes]]


async def read_log(
    kafka: KafkaSettings, begins: Mapping[Place, int], ends: Mapping[Place, int]
) -> AsyncGenerator[tuple[Place, Records], None]:
    """Every record from its partition's begin up to, not including, its end; topics without prefix."""
    wanted = {place: end for place, end in ends.items() if begins.get(place, 0) < end}
    if not wanted:
        return
    async with _consumer(kafka) as consumer:
        places = {TopicPartition(kafka.topic_prefix + topic, part): (topic, part) for topic, part in wanted}
        consumer.assign(list(places))
        for partition, place in places.items():
            consumer.seek(partition, begins.get(place, 0))
        silence = Silence()
        while wanted:
            polled = await consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_PER_POLL)
            silence.heard(bool(polled))
            for partition, records in polled.items():
                place = places[partition]
                fresh = [record for record in records if record.offset < wanted.get(place, 0)]
                if fresh:
                    yield place, fresh
            for partition, place in places.items():
                # The position also passes over offsets that no longer hold a record.
                if place in wanted and await consumer.position(partition) >= wanted[place]:
                    del wanted[place]
                    consumer.pause(partition)


class Silence:
    """Says once of each silence that Kafka is waited for: a consumer waits without a word."""

    def __init__(self) -> None:
        self._since, self._is_said = time.monotonic(), False

    def heard(self, something: bool) -> None:
        """Whether the last look gave records."""
        now = time.monotonic()
        if something:
            self._since, self._is_said = now, False
        elif not self._is_said and now - self._since >= SILENT_SECONDS:
            log.warning("Kafka has sent nothing for %.0f s: waiting for it. Nothing is lost.", SILENT_SECONDS)
            self._is_said = True


@asynccontextmanager
async def _consumer(kafka: KafkaSettings) -> AsyncIterator[AIOKafkaConsumer]:
    consumer: AIOKafkaConsumer = AIOKafkaConsumer(
        **kafka.aiokafka_options(),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()
