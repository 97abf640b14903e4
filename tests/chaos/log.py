"""The log, read by a client of our own: what lies on it, and how far its readers have come."""

import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

ROWS = "order-lifecycle"
HANDOVERS = "handovers"
DEAD_LETTERS = "dead-letters"
POLL_MS = 1000


@dataclass(slots=True)
class LogBook:
    """What lies on the log: records by topic, ids of events and keys of parcels, ids of rows, their end."""

    rows_end: int = 0
    records: Counter[str] = field(default_factory=Counter)
    ids: set[str] = field(default_factory=set)
    row_ids: set[str] = field(default_factory=set)

    def add(self, topic: str, headers: dict[str, bytes], value: bytes) -> None:
        """Note one record."""
        self.records[topic] += 1
        if topic == ROWS:
            self.row_ids.add(json.loads(value)["row_id"])
        elif topic == HANDOVERS:
            self.ids.add(json.loads(value)["idempotencyKey"])
        elif topic != DEAD_LETTERS:
            self.ids.add(headers["event-id"].decode())


async def read_log(bootstrap: str, prefix: str) -> LogBook:
    """Everything on our topics, from the first record to the last."""
    book = LogBook()
    async with _consumer(bootstrap) as consumer:
        places = await _places(bootstrap, prefix)
        ends = await consumer.end_offsets(places)
        book.rows_end = ends[TopicPartition(f"{prefix}{ROWS}", 0)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for place, records in (await consumer.getmany(timeout_ms=POLL_MS, max_records=5000)).items():
                for record in records:
                    book.add(place.topic.removeprefix(prefix), dict(record.headers), record.value or b"")
    return book


async def rows_end(bootstrap: str, prefix: str) -> int:
    """The offset that the next row will have."""
    place = TopicPartition(f"{prefix}{ROWS}", 0)
    async with _consumer(bootstrap) as consumer:
        return int((await consumer.end_offsets([place]))[place])


async def behind(bootstrap: str, prefix: str) -> int | None:
    """How many records the workers have not acknowledged; None while nobody can tell."""
    unread = {f"{prefix}{ROWS}", f"{prefix}{DEAD_LETTERS}"}
    try:
        async with _consumer(bootstrap) as consumer:
            places = [place for place in await _places(bootstrap, prefix) if place.topic not in unread]
            ends = await consumer.end_offsets(places)
        done = await _committed(bootstrap, f"{prefix}worker")
    except KafkaError:
        return None
    return sum(max(0, int(end) - done.get(place, 0)) for place, end in ends.items())


def _consumer(bootstrap: str) -> AIOKafkaConsumer:
    """One that belongs to no group and so disturbs none."""
    return AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)


async def _places(bootstrap: str, prefix: str) -> list[TopicPartition]:
    async with _admin(bootstrap) as admin:
        names = [name for name in await admin.list_topics() if name.startswith(prefix)]
        described = await admin.describe_topics(names)
    return [
        TopicPartition(topic["topic"], partition["partition"])
        for topic in described
        for partition in topic["partitions"]
    ]


async def _committed(bootstrap: str, group: str) -> dict[TopicPartition, int]:
    async with _admin(bootstrap) as admin:
        found = await admin.list_consumer_group_offsets(group)
    return {place: position.offset for place, position in found.items()}


@contextlib.asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()
