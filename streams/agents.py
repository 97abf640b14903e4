"""The agents: what the log says is decided and written down, and every record becomes rows.

One agent for each topic that makes effects due, one for the rows of all topics. Each is one
actor with short bodies that never raise: leaving a body acknowledges its records, so a body ends
only when everything is in the outbox, on `order-lifecycle` or among the dead letters.

Reading and deciding are pure, and the rows' agent does both for every record; so it alone
writes dead letters for what can't be read, and no record gets two.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from analytics.lifecycle import LifecycleRow, Source
from ingest.record import EventRecord, Headers, Unreadable
from ingest.settings import KafkaSettings
from ingest.topics import EVENT_TOPICS, HANDOVERS, PAYMENTS, PLAN_ORDERS, STORE_ORDERS, Topic
from streams import due
from streams.dead_letter import RawRecord, unexpected, unreadable
from streams.effect import Decision
from streams.lifecycle import from_event
from streams.meters import Meters
from streams.outbox import Outbox, OutboxAway
from streams.rows import RowPublisher

log = logging.getLogger(__name__)

FLOW_TOPICS = (PAYMENTS, PLAN_ORDERS, STORE_ORDERS, HANDOVERS)
BATCH = 500
BATCH_WITHIN_SECONDS = 0.02
TRIES = 3
PAUSE_SECONDS = 0.2
AWAY_SECONDS = 5.0


def raw_record(event: Any, prefix: str) -> RawRecord:
    """What Faust hands out, as a record of ours."""
    message = event.message
    source = Source(
        topic=message.topic.removeprefix(prefix), partition=message.partition, offset=message.offset
    )
    return RawRecord(
        source=source,
        key=message.key,
        value=message.value,
        headers=_headers(message.headers),
        at=datetime.fromtimestamp(message.timestamp, UTC),
    )


def _headers(headers: Any) -> Headers:
    return list(headers.items()) if isinstance(headers, dict) else list(headers or ())


def decoded(raw: RawRecord) -> EventRecord:
    """The event on the record.

    Raises:
        Unreadable: see `EventRecord.from_kafka`.
    """
    return EventRecord.from_kafka(raw.source.topic, raw.key, raw.value, raw.headers)


class FlowDesk:
    """Writes down in the outbox what records make due; the runner carries it out."""

    def __init__(self, outbox: Outbox, publisher: RowPublisher, meters: Meters) -> None:
        self._outbox = outbox
        self._publisher = publisher
        self._meters = meters

    async def handle(self, records: Sequence[RawRecord]) -> None:
        """Returns when every decision is in the outbox; never raises."""
        decided = [(raw, decision) for raw in records if (decision := _decision(raw)) is not None]
        if await self._attempt([decision for _, decision in decided]) is None:
            return
        # One by one, so that only the record at fault is put aside.
        for raw, decision in decided:
            error = await self._attempt([decision])
            if error is not None:
                await self._put_aside(raw, error)

    async def _attempt(self, decisions: Sequence[Decision]) -> Exception | None:
        """Try a few times in place; the last error if it never worked. Waits while the outbox is away."""
        failures: list[Exception] = []
        while len(failures) < TRIES:
            try:
                await self._outbox.record_many(decisions)
            except OutboxAway as error:
                log.warning("%s", error)
                await asyncio.sleep(AWAY_SECONDS)
            except Unreadable as error:
                return error
            except Exception as error:  # noqa: BLE001 - handed back to be judged
                failures.append(error)
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return None
        return failures[-1]

    async def _put_aside(self, raw: RawRecord, error: Exception) -> None:
        letter = unreadable(raw, error) if isinstance(error, Unreadable) else unexpected(raw, error)
        self._meters.dead_letters.labels(letter.reason).inc()
        await self._publisher.dead_letter(letter)


class RowDesk:
    """Turns records into rows on `order-lifecycle`."""

    def __init__(self, publisher: RowPublisher, meters: Meters) -> None:
        self._publisher = publisher
        self._meters = meters

    async def handle(self, records: Sequence[RawRecord]) -> None:
        """Returns when every record's rows or its dead letter are acknowledged; never raises."""
        rows: list[LifecycleRow] = []
        for raw in records:
            rows += await self._rows(raw)
            self._meters.records.labels(raw.source.topic).inc()
        await self._publish(rows)

    async def _rows(self, raw: RawRecord) -> list[LifecycleRow]:
        try:
            return from_event(decoded(raw), raw.source)
        except Unreadable as error:
            letter = unreadable(raw, error)
        except Exception as error:  # noqa: BLE001 - our own mistake must not stop the topic
            letter = unexpected(raw, error)
        self._meters.dead_letters.labels(letter.reason).inc()
        await self._publisher.dead_letter(letter)
        return []

    async def _publish(self, rows: list[LifecycleRow]) -> None:
        while True:
            try:
                return await self._publisher.rows(rows)
            except Exception:
                log.exception("rows could not be published; trying again")
                await asyncio.sleep(PAUSE_SECONDS)


def register(app: Any, kafka: KafkaSettings, flows: FlowDesk, rows: RowDesk) -> None:
    """Give the app its agents."""
    for topic in FLOW_TOPICS:
        _agent(app, topic.name, [topic], kafka.topic_prefix, flows.handle)
    _agent(app, "lifecycle", EVENT_TOPICS, kafka.topic_prefix, rows.handle)


def _agent(
    app: Any,
    name: str,
    topics: Sequence[Topic],
    prefix: str,
    handle: Callable[[Sequence[RawRecord]], Awaitable[None]],
) -> None:
    async def read(stream: Any) -> None:
        async for events in stream.take_events(BATCH, within=BATCH_WITHIN_SECONDS):
            await handle([raw_record(event, prefix) for event in events])

    app.agent(app.topic(*(topic.full_name(prefix) for topic in topics)), name=name)(read)


def _decision(raw: RawRecord) -> Decision | None:
    """What the record makes due; None when it can't be told, which the rows' agent reports."""
    try:
        return due.decide(decoded(raw))
    except Exception:  # noqa: BLE001 - the same error meets the rows' agent, which keeps the record
        return None
