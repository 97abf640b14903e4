"""What lies on the tests' log, and how tests put something there."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from uuid import uuid4

from aiokafka import AIOKafkaProducer, ConsumerRecord

from analytics.lifecycle import LifecycleRow, Source
from ingest import admin
from ingest.admin import end_offsets
from ingest.record import EventRecord, Headers
from ingest.settings import KafkaSettings
from ingest.topics import ALL_TOPICS, ORDER_LIFECYCLE
from streams.lifecycle import from_event
from streams.row_reader import read_log
from streams.rows import RowPublisher
from tests.streams.event_records import a_payment, a_plan_order_event

Raw = tuple[str, bytes | None, bytes | None, Headers]
FEW = 3


def make_topics(kafka: KafkaSettings) -> None:
    """All topics, each with few partitions: to make them whole takes a broker longer than most tests take."""
    topics = [replace(topic, partitions=min(topic.partitions, FEW)) for topic in ALL_TOPICS]
    with admin._admin(kafka) as client:
        admin._create(client, topics, kafka)


def purchases(number: int) -> list[EventRecord]:
    """Plan orders bought for later: each is one event that makes one notice due, and no access yet."""
    events = []
    for _ in range(number):
        order_id = str(uuid4())
        event = a_plan_order_event("purchased", id=order_id, status="PENDING")
        events.append(replace(event, event_id=str(uuid4()), instance_id=f"site-{order_id[:2]}"))
    return events


def payments_of(number: int) -> list[EventRecord]:
    """Payments approved: each is one event that makes one notice due."""
    return [
        replace(a_payment(transaction_id=str(uuid4())), event_id=str(uuid4()), instance_id=f"site-{one}")
        for one in range(number)
    ]


def put(kafka: KafkaSettings, events: Iterable[EventRecord | Raw]) -> None:
    """Append events, or raw records, and return when the broker has them."""
    asyncio.run(put_async(kafka, events))


async def put_async(kafka: KafkaSettings, events: Iterable[EventRecord | Raw]) -> None:
    """As `put`."""
    async with AIOKafkaProducer(**kafka.aiokafka_options(), acks="all", linger_ms=5) as producer:
        sent = []
        for event in events:
            topic, key, value, headers = event if isinstance(event, tuple) else _raw(event)
            full_name = f"{kafka.topic_prefix}{topic}"
            sent.append(await producer.send(full_name, key=key, value=value, headers=headers))
        await asyncio.gather(*sent)


def put_rows(kafka: KafkaSettings, events: Iterable[EventRecord]) -> None:
    """Put the rows of events on `order-lifecycle`, as the worker does."""

    made: list[LifecycleRow] = []
    for offset, event in enumerate(events):
        made += _rows_of(event, offset)

    async def publish() -> None:
        async with RowPublisher(kafka) as publisher:
            await publisher.rows(made)

    asyncio.run(publish())


def rows(kafka: KafkaSettings) -> list[LifecycleRow]:
    """All rows on `order-lifecycle`."""
    return [LifecycleRow.from_bytes(record.value) for record in records(kafka, ORDER_LIFECYCLE.name)]


def rows_count(kafka: KafkaSettings) -> int:
    """How many rows `order-lifecycle` has."""
    return end_offsets(kafka, [ORDER_LIFECYCLE.name])[ORDER_LIFECYCLE.name, 0]


def records(kafka: KafkaSettings, topic: str) -> "list[ConsumerRecord[bytes, bytes]]":
    """All records of a topic."""
    return asyncio.run(_records(kafka, topic))


async def _records(kafka: KafkaSettings, topic: str) -> "list[ConsumerRecord[bytes, bytes]]":
    ends = await asyncio.to_thread(end_offsets, kafka, [topic])
    return [record async for _, batch in read_log(kafka, {}, ends) for record in batch]


def _rows_of(event: EventRecord, offset: int) -> list[LifecycleRow]:
    return from_event(event, Source(topic=event.topic, partition=0, offset=offset))


def _raw(event: EventRecord) -> Raw:
    return event.topic, event.key, event.value, event.headers
