"""Records reach the log, or the caller hears within a second that they may not have.

Publisher         Kafka, by aiokafka with acks=all
MemoryPublisher   a list, for pure tests; tests/contracts holds both to the same promises
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from ingest.record import EventRecord
from ingest.settings import KafkaSettings
from ingest.topics import EVENT_TOPICS

# Wix waits 1.25 s for our answer, and our word is "503 within a second".
PUBLISH_TIMEOUT = timedelta(milliseconds=900)
# One request to the broker; also how long a record that was answered 503 may still be written.
REQUEST_TIMEOUT_MS = 5_000
# Above the largest record (1 MiB of body, doubled by ASCII escapes); topics take as much.
MAX_REQUEST_BYTES = 4 * 1024 * 1024
# One batch waits per partition, so this bounds memory while the broker is away: 100 partitions, 12 MB.
MAX_BATCH_BYTES = 128 * 1024
RECONNECT_SECONDS = 0.5
# aiokafka finds its brokers again by itself; one that moved or was made anew it may not.
REPLACE_AFTER_SECONDS = 20.0
FLUSH_SECONDS = 3.0
CHECK_SECONDS = 2.0

_log = logging.getLogger(__name__)


class NotDurable(Exception):
    """The record may not be on the log: the sender should send again.

    `reason` is broker_away, timeout, refused or topics_missing; the door adds overloaded.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class Publishing(Protocol):
    """What the door needs of a log."""

    async def publish(self, record: EventRecord) -> None:
        """Return when the record is durable; NotDurable otherwise, within a second."""

    async def check(self) -> None:
        """NotDurable when a record published now would be refused."""


class Publisher:
    """The log at Kafka. Starts without a broker, and comes back by itself after every outage.

    Not idempotent in Kafka's sense: an event may stand on the log twice, and readers go by its
    id; in exchange there is no producer id that could be lost for good.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._failing_since: float | None = None

    async def __aenter__(self) -> "Publisher":
        self._keeper = asyncio.create_task(self._keep_connected(), name="publisher")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Write what is under way, for at most a few seconds, then let go."""
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self._drop()

    async def publish(self, record: EventRecord) -> None:
        """Return when every in-sync replica has the record.

        Raises:
            NotDurable: within a second. The record may still be written a few seconds later.
        """
        producer = self._connected()
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT.total_seconds()):
                acknowledged = await producer.send(
                    f"{self._settings.topic_prefix}{record.topic}",
                    value=record.value,
                    key=record.key,
                    headers=record.headers,
                    timestamp_ms=int(record.received_at.timestamp() * 1000),
                )
                await acknowledged
        except TimeoutError as error:
            self._failed()
            raise NotDurable("timeout") from error
        except KafkaError as error:
            self._failed()
            raise NotDurable("refused", str(error)) from error
        self._failing_since = None

    async def check(self) -> None:
        """Ask the broker for our event topics.

        Raises:
            NotDurable: broker_away or topics_missing.
        """
        producer = self._connected()
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                known = (await producer.client.fetch_all_metadata()).topics(exclude_internal_topics=False)
        except (TimeoutError, KafkaError) as error:
            raise NotDurable("broker_away", str(error)) from error
        if missing := sorted(set(_names(self._settings)) - known):
            raise NotDurable("topics_missing", ", ".join(missing))

    def _connected(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise NotDurable("broker_away")
        return self._producer

    def _failed(self) -> None:
        if self._failing_since is None:
            self._failing_since = asyncio.get_running_loop().time()

    async def _keep_connected(self) -> None:
        while True:
            if self._producer and self._is_lost(self._producer):
                _log.warning("the connection to Kafka is made anew")
                await self._drop()
            if self._producer is None:
                self._producer = await self._connect()
            await asyncio.sleep(RECONNECT_SECONDS)

    def _is_lost(self, producer: AIOKafkaProducer) -> bool:
        # aiokafka offers no other sign that the task which sends has ended by an error.
        sender = producer._sender.sender_task
        if sender is None or sender.done():
            return True
        since = self._failing_since
        return since is not None and asyncio.get_running_loop().time() - since > REPLACE_AFTER_SECONDS

    async def _connect(self) -> AIOKafkaProducer | None:
        producer = AIOKafkaProducer(
            **self._settings.aiokafka_options(),
            acks="all",
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            max_request_size=MAX_REQUEST_BYTES,
            max_batch_size=MAX_BATCH_BYTES,
        )
        try:
            await producer.start()
            # Known before the first webhook, so that none waits for metadata.
            async with asyncio.timeout(CHECK_SECONDS):
                await producer.client.set_topics(_names(self._settings))
        except (KafkaError, OSError) as error:
            _log.warning("Kafka does not answer at %s: %s", self._settings.kafka_bootstrap_servers, error)
            await _close(producer)
            return None
        except BaseException:
            await _close(producer)
            raise
        self._failing_since = None
        _log.info("connected to Kafka at %s", self._settings.kafka_bootstrap_servers)
        return producer

    async def _drop(self) -> None:
        producer, self._producer = self._producer, None
        if producer:
            await _close(producer)


class MemoryPublisher:
    """The log as a list. With `available` false it refuses, as Publisher does without a broker."""

    def __init__(self) -> None:
        self.records: list[EventRecord] = []
        self.available = True

    async def publish(self, record: EventRecord) -> None:
        """Append the record.

        Raises:
            NotDurable: while not available.
        """
        await self.check()
        self.records.append(record)

    async def check(self) -> None:
        """Raise NotDurable while not available."""
        if not self.available:
            raise NotDurable("broker_away")


def _names(settings: KafkaSettings) -> Iterable[str]:
    return [topic.full_name(settings.topic_prefix) for topic in EVENT_TOPICS]


async def _close(producer: AIOKafkaProducer) -> None:
    """Flush and close; a broker that is gone must not hold us."""
    with contextlib.suppress(TimeoutError, KafkaError):
        async with asyncio.timeout(FLUSH_SECONDS):
            await producer.stop()
    # Closing twice does nothing; needed where the flush above ran out of time.
    with contextlib.suppress(TimeoutError, KafkaError):
        async with asyncio.timeout(FLUSH_SECONDS):
            await producer.client.close()
