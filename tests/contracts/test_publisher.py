"""What the door needs of a log, held against the list in memory and a real Kafka alike."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import anyio
import pytest
from aiokafka import AIOKafkaConsumer

from ingest.admin import MAX_RECORD_BYTES, end_offsets, ensure_topics
from ingest.publisher import MAX_REQUEST_BYTES, MemoryPublisher, NotDurable, Publisher, Publishing
from ingest.record import EventRecord
from ingest.settings import KafkaSettings
from sandbox.broker import EmbeddedBroker

# "Within a second" is the promise; the rest is for a machine that does other work as well.
A_SECOND = 3.0


def a_record(event_id: str = "e1", *, site: str = "site-1", value: bytes = b'{"id":"e1"}') -> EventRecord:
    return EventRecord(
        topic="payments",
        instance_id=site,
        event_id=event_id,
        event_type="wix.test",
        event_time=datetime(2026, 3, 1, tzinfo=UTC),
        received_at=datetime(2026, 3, 1, 0, 0, 1, tzinfo=UTC),
        value=value,
        identity={"memberId": "m"},
    )


class Log(Protocol):
    """A log under test, which can be taken away and brought back."""

    @property
    def publisher(self) -> Publishing: ...

    async def records(self) -> list[EventRecord]: ...

    async def goes_away(self) -> None: ...

    async def comes_back(self) -> None: ...


class MemoryLog:
    def __init__(self) -> None:
        self.publisher = MemoryPublisher()

    async def records(self) -> list[EventRecord]:
        return self.publisher.records

    async def goes_away(self) -> None:
        self.publisher.available = False

    async def comes_back(self) -> None:
        self.publisher.available = True


class KafkaLog:
    def __init__(self, publisher: Publisher, settings: KafkaSettings, broker: EmbeddedBroker) -> None:
        self.publisher = publisher
        self._settings = settings
        self._broker = broker

    async def records(self) -> list[EventRecord]:
        ends = await asyncio.to_thread(end_offsets, self._settings, ["payments"])
        consumer = AIOKafkaConsumer(
            f"{self._settings.topic_prefix}payments",
            **self._settings.aiokafka_options(),
            auto_offset_reset="earliest",
        )
        async with consumer:
            found = [await consumer.getone() for _ in range(sum(ends.values()))]
        return [EventRecord.from_kafka("payments", each.key, each.value, each.headers) for each in found]

    async def goes_away(self) -> None:
        await asyncio.to_thread(self._broker.stop)

    async def comes_back(self) -> None:
        await asyncio.to_thread(self._broker.start)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    """A broker of these tests' own, because they stop it."""
    with EmbeddedBroker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture
def settings(broker: EmbeddedBroker) -> KafkaSettings:
    return KafkaSettings(
        kafka_bootstrap_servers=broker.bootstrap, topic_prefix=f"test-{uuid.uuid4().hex[:8]}."
    )


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
async def log(request: pytest.FixtureRequest) -> AsyncIterator[Log]:
    if request.param == "memory":
        yield MemoryLog()
        return
    broker: EmbeddedBroker = request.getfixturevalue("broker")
    settings: KafkaSettings = request.getfixturevalue("settings")
    await asyncio.to_thread(ensure_topics, settings)
    async with Publisher(settings) as publisher:
        await ready(publisher)
        yield KafkaLog(publisher, settings, broker)


async def ready(publisher: Publishing) -> None:
    """Return when a record would be taken."""
    with anyio.fail_after(60):
        while await refusal(publisher) is not None:  # noqa: ASYNC110 – a broker sets no Event
            await asyncio.sleep(0.05)


class TestPublishing:
    async def test_a_record_lies_on_the_log_as_it_was_given(self, log: Log) -> None:
        await sent(log.publisher, a_record())

        assert distinct(await log.records()) == [a_record()]

    async def test_the_records_of_a_site_keep_their_order(self, log: Log) -> None:
        for number in range(20):
            await sent(log.publisher, a_record(str(number)))

        found = distinct(await log.records())
        assert [record.event_id for record in found] == [str(number) for number in range(20)]

    async def test_many_at_once_all_arrive(self, log: Log) -> None:
        records = [a_record(str(number), site=f"site-{number % 7}") for number in range(300)]

        await asyncio.gather(*(sent(log.publisher, record) for record in records))

        found = await log.records()
        assert {record.event_id for record in found} == {record.event_id for record in records}

    async def test_the_largest_webhook_fits(self, log: Log) -> None:
        """A mebibyte of body can become more than two when it is written in ASCII."""
        value = b'{"a":"' + b"x" * (5 * 512 * 1024) + b'"}'

        await sent(log.publisher, a_record(value=value))

        assert {record.value for record in await log.records()} == {value}

    async def test_without_a_broker_a_record_is_refused_and_not_left_hanging(self, log: Log) -> None:
        await sent(log.publisher, a_record("before"))
        await log.goes_away()
        try:
            with anyio.fail_after(A_SECOND), pytest.raises(NotDurable):
                await log.publisher.publish(a_record("during"))
            with anyio.fail_after(A_SECOND), pytest.raises(NotDurable):
                await log.publisher.check()
        finally:
            await log.comes_back()

        await sent(log.publisher, a_record("after"))

        # What was refused may have been written all the same: the sender repeats it under the same id.
        found = [record.event_id for record in distinct(await log.records())]
        assert [event_id for event_id in found if event_id != "during"] == ["before", "after"]


def distinct(records: list[EventRecord]) -> list[EventRecord]:
    """Each event once, in the order of its first appearance: one that was refused may lie there too."""
    return list({record.event_id: record for record in records}.values())


@pytest.mark.kafka
class TestKafkaAlone:
    async def test_it_starts_before_its_broker_and_finds_it(
        self, broker: EmbeddedBroker, settings: KafkaSettings
    ) -> None:
        await asyncio.to_thread(ensure_topics, settings)
        await asyncio.to_thread(broker.stop)
        async with Publisher(settings) as publisher:
            with anyio.fail_after(A_SECOND), pytest.raises(NotDurable):
                await publisher.publish(a_record())

            await asyncio.to_thread(broker.start)

            await sent(publisher, a_record())

    async def test_topics_made_later_are_found(self, settings: KafkaSettings) -> None:
        async with Publisher(settings) as publisher:
            await connected(publisher)
            with pytest.raises(NotDurable, match="topics_missing"):
                await publisher.check()
            with anyio.fail_after(A_SECOND), pytest.raises(NotDurable):
                await publisher.publish(a_record())

            await asyncio.to_thread(ensure_topics, settings)

            await sent(publisher, a_record())

    async def test_a_broker_made_anew_is_found_too(
        self, tmp_path: Path, broker: EmbeddedBroker, settings: KafkaSettings
    ) -> None:
        """Same address, other cluster: nothing that was known of the old one may stand in the way."""
        first = EmbeddedBroker(tmp_path / "first")
        second = EmbeddedBroker(tmp_path / "second", first.port)
        own = settings.model_copy(update={"kafka_bootstrap_servers": first.bootstrap})
        try:
            await asyncio.to_thread(first.start)
            await asyncio.to_thread(ensure_topics, own)
            async with Publisher(own) as publisher:
                await sent(publisher, a_record())
                await asyncio.to_thread(first.stop)
                await asyncio.to_thread(second.start)
                await asyncio.to_thread(ensure_topics, own)

                await sent(publisher, a_record())

            assert sum(end_offsets(own, ["payments"]).values()) >= 1
        finally:
            first.stop()
            second.stop()

    async def test_leaving_without_a_broker_takes_no_more_than_seconds(
        self, broker: EmbeddedBroker, settings: KafkaSettings
    ) -> None:
        await asyncio.to_thread(ensure_topics, settings)
        try:
            with anyio.fail_after(30):
                async with Publisher(settings) as publisher:
                    await ready(publisher)
                    await asyncio.to_thread(broker.stop)
                    with pytest.raises(NotDurable):
                        await publisher.publish(a_record())
        finally:
            await asyncio.to_thread(broker.start)

    def test_topics_take_what_the_publisher_sends(self) -> None:
        assert MAX_RECORD_BYTES >= MAX_REQUEST_BYTES


async def sent(publisher: Publishing, record: EventRecord) -> None:
    """Publish as Wix delivers: again and again until it is taken."""
    with anyio.fail_after(60):
        while True:
            try:
                return await publisher.publish(record)
            except NotDurable:
                await asyncio.sleep(0.05)


async def connected(publisher: Publishing) -> None:
    """Return when the broker answers, topics or not."""
    with anyio.fail_after(60):
        while await refusal(publisher) == "broker_away":  # noqa: ASYNC110 – a broker sets no Event
            await asyncio.sleep(0.05)


async def refusal(publisher: Publishing) -> str | None:
    try:
        await publisher.check()
    except NotDurable as error:
        return error.reason
    return None
