"""The dead letters on the log, read back; and one sent again to where it came from, never twice."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer, ConsumerRecord

from analytics.lifecycle import DeadLetterFacts, LifecycleRow, Source, event_row_id
from ingest.admin import end_offsets, offsets_at
from ingest.record import Headers, parse_time
from ingest.settings import KafkaSettings
from ingest.topics import DEAD_LETTERS
from streams.dead_letter import OUR_HEADERS
from streams.outbox import Outbox
from streams.row_reader import Place, read_log
from streams.rows import MAX_REQUEST_BYTES, RowPublisher
from streams.running import patiently


class RecordGone(Exception):
    """The original is no longer on its topic, and it was too large for the dead letter to keep it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A dead letter as it lies on the log. `headers` are the record's own; `at` is when it failed."""

    source: Source
    site: str
    event_type: str
    reason: str
    error: str
    fingerprint: str
    at: datetime
    received_at: datetime | None
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def place(self) -> str:
        """Where the record lies: `topic/partition/offset`."""
        return f"{self.source.topic}/{self.source.partition}/{self.source.offset}"


async def letters(kafka: KafkaSettings) -> list[Letter]:
    """Every dead letter, oldest first; a record that failed twice is one.

    Raises:
        BrokerAway: Kafka does not answer.
    """
    ends = await asyncio.to_thread(end_offsets, kafka, [DEAD_LETTERS.name])
    return await patiently(kafka, lambda: _letters(kafka, ends))


async def _letters(kafka: KafkaSettings, ends: Mapping[Place, int]) -> list[Letter]:
    found: dict[str, Letter] = {}
    async for _, records in read_log(kafka, {}, ends):
        for record in records:
            letter = _letter(record)
            if letter is not None:
                found.setdefault(letter.place, letter)
    return sorted(found.values(), key=lambda one: (one.at, one.place))


class Resender:
    """Puts records back on their topics, as they were, each once. Used inside `async with`."""

    def __init__(self, kafka: KafkaSettings, outbox: Outbox) -> None:
        self._kafka = kafka
        self._outbox = outbox
        self._rows = RowPublisher(kafka)
        self._open = AsyncExitStack()
        self._producer: AIOKafkaProducer

    async def __aenter__(self) -> Self:
        await patiently(self._kafka, self._connect)
        await patiently(self._kafka, lambda: self._open.enter_async_context(self._rows))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def send(self, letter: Letter) -> bool:
        """Send the record again; False if that was done before. While Kafka is away it waits.

        The outbox knows before and after. Where it was begun but never ended, the log is asked
        whether the record is there.

        Raises:
            RecordGone: there is nothing left to send.
        """
        return await patiently(self._kafka, lambda: self._send(letter))

    async def _connect(self) -> None:
        options = self._kafka.aiokafka_options()
        producer = AIOKafkaProducer(**options, acks="all", max_request_size=MAX_REQUEST_BYTES)
        self._open.push_async_callback(producer.stop)
        await producer.start()
        self._producer = producer

    async def _send(self, letter: Letter) -> bool:
        value = letter.value if letter.value is not None else await _original(self._kafka, letter.source)
        redrive = await self._outbox.begin_redrive(letter.place)
        if redrive.done_at is not None:
            return False
        if redrive.is_new or not await _is_on_the_log(self._kafka, letter, value, redrive.begun_at):
            topic = f"{self._kafka.topic_prefix}{letter.source.topic}"
            await self._producer.send_and_wait(topic, value=value, key=letter.key, headers=letter.headers)
        await self._rows.rows([_row(letter, redrive.begun_at)])
        await self._outbox.end_redrive(letter.place)
        return True


def _row(letter: Letter, at: datetime) -> LifecycleRow:
    """The ledger's row: the same one again, should this be the second try."""
    return LifecycleRow(
        row_id=event_row_id(letter.site, letter.place, "dead_letter/redriven"),
        what="dead_letter_redriven",
        instance_id=letter.site,
        entity_id=letter.place,
        event_id=letter.place,
        event_type=letter.event_type,
        happened_at=at,
        source=letter.source,
        facts=DeadLetterFacts(
            reason=letter.reason, error=letter.error, fingerprint=letter.fingerprint, redriven_at=at
        ),
    )


async def _original(kafka: KafkaSettings, source: Source) -> bytes | None:
    place = (source.topic, source.partition)
    async for _, records in read_log(kafka, {place: source.offset}, {place: source.offset + 1}):
        for record in records:
            if record.offset == source.offset:
                value: bytes | None = record.value
                return value
    raise RecordGone(
        f"{source.topic}/{source.partition}/{source.offset} can't be sent again: it was too large for a "
        "dead letter, and its topic no longer keeps it."
    )


async def _is_on_the_log(kafka: KafkaSettings, letter: Letter, value: bytes | None, since: datetime) -> bool:
    topic = letter.source.topic
    found = await asyncio.to_thread(offsets_at, kafka, topic, since)
    begins = {(topic, partition): offset for partition, offset in found.items()}
    ends = await asyncio.to_thread(end_offsets, kafka, [topic])
    async for _, records in read_log(kafka, begins, ends):
        if any(_is_same(record, letter, value) for record in records):
            return True
    return False


def _is_same(record: ConsumerRecord[bytes, bytes], letter: Letter, value: bytes | None) -> bool:
    mine = (letter.key, value, sorted(letter.headers))
    return (record.key, record.value, sorted(record.headers)) == mine


def _letter(record: ConsumerRecord[bytes, bytes]) -> Letter | None:
    """None for what none of our workers wrote."""
    headers: Headers = list(record.headers)
    own, ours = headers[: -len(OUR_HEADERS)], dict(_texts(headers[-len(OUR_HEADERS) :]))
    source = _source(ours.get("source", ""))
    if source is None or set(ours) != set(OUR_HEADERS):
        return None
    said = dict(_texts(own))
    return Letter(
        source=source,
        site=(record.key or b"").decode("utf-8", "replace").replace("\0", "\ufffd"),
        event_type=said.get("event-type", "").replace("\0", "\ufffd"),
        reason=ours["reason"],
        error=ours["error"],
        fingerprint=ours["fingerprint"],
        at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
        received_at=parse_time(ours["failed-record-at"]),
        key=record.key,
        value=record.value,
        headers=own,
    )


def _texts(headers: Sequence[tuple[str, bytes]]) -> list[tuple[str, str]]:
    return [(name, value.decode("utf-8", "replace")) for name, value in headers]


def _source(place: str) -> Source | None:
    topic, _, rest = place.partition("/")
    partition, _, offset = rest.partition("/")
    if not (topic and partition.isdecimal() and offset.isdecimal()):
        return None
    return Source(topic=topic, partition=int(partition), offset=int(offset))
