"""The agents: what the log says is decided and written down, and every record becomes rows.

One agent for each topic that makes effects due, one for the rows of each topic. Each is one
actor with short bodies that never raise: leaving a body acknowledges its records, so a body ends
only when everything is in the outbox, on `order-lifecycle` or among the dead letters; or when the
process lets go of the topic while a bug holds a record there, which `Hold` keeps from being committed.

Reading and deciding are pure, and the rows' agent does both for every record; so it alone
writes dead letters for what can't be read, and no record gets two.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from analytics.lifecycle import LifecycleRow, Source
from ingest.log_lines import about
from ingest.record import EventRecord, Headers, Unreadable
from ingest.settings import KafkaSettings
from ingest.topics import EVENT_TOPICS, HANDOVERS, PAYMENTS, PLAN_ORDERS, STORE_ORDERS, Topic
from ingest.tracing import here, traced
from streams import due
from streams.dead_letter import DeadLetter, RawRecord, unexpected, unreadable
from streams.effect import Decision
from streams.holding import Hold, Leaving
from streams.lifecycle import from_event
from streams.meters import Meters
from streams.outbox import Outbox, OutboxAway
from streams.pause import FLOW_OF_TOPIC, LIFECYCLE, Bug
from streams.rows import RowPublisher

log = logging.getLogger(__name__)

T = TypeVar("T")

FLOW_TOPICS = (PAYMENTS, PLAN_ORDERS, STORE_ORDERS, HANDOVERS)
BATCH = 500
# Faust looks into an agent's buffer this often, also when nothing comes: half of it is what a record waits
# on average, and each look costs CPU time. Customers wait for the flows; the ledger can wait.
FLOWS_WITHIN_SECONDS = 0.01
ROWS_WITHIN_SECONDS = 0.05
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


def about_record(raw: RawRecord) -> AbstractContextManager[None]:
    """Lines inside tell of this record, as far as it can be read."""
    event = dict(raw.headers).get("event-id") or b""
    return about(site=(raw.key or b"").decode("utf-8", "replace"), event=event.decode("utf-8", "replace"))


class FlowDesk:
    """Writes down in the outbox what records make due; the runner carries it out.

    `tell` hears of each dead letter.
    """

    def __init__(
        self,
        outbox: Outbox,
        publisher: RowPublisher,
        meters: Meters,
        hold: Hold | None = None,
        tell: Callable[[DeadLetter], None] = lambda letter: None,
    ) -> None:
        self._tell = tell
        self._outbox = outbox
        self._publisher = publisher
        self._meters = meters
        self._hold = hold or Hold(outbox)

    async def handle(self, records: Sequence[RawRecord]) -> None:
        """Returns when every decision is in the outbox, or the topic is let go of; never raises."""
        try:
            await self._handle(records)
        except Leaving:
            self._hold.leave(records)

    async def _handle(self, records: Sequence[RawRecord]) -> None:
        tried = []
        for raw in records:
            deciding = traced(f"decide {raw.source.topic}", "consumer", _trace_of(raw), place=_place(raw))
            with about_record(raw), deciding:
                tried.append((raw, _on_trace(await self._decision(raw))))
        decided = [(raw, decision) for raw, decision in tried if decision is not None]
        if await self._attempt([decision for _, decision in decided]) is None:
            return
        # One by one, so that only the record at fault is put aside.
        for raw, decision in decided:
            with about_record(raw):
                await self._alone(raw, decision)

    async def _alone(self, raw: RawRecord, decision: Decision) -> None:
        while (error := await self._attempt([decision])) is not None:
            letter = unreadable(raw, error) if isinstance(error, Unreadable) else unexpected(raw, error)
            bug = _bug(letter, FLOW_OF_TOPIC[raw.source.topic])
            if isinstance(error, Unreadable) or await self._hold.gives_up(bug):
                return await self._put_aside(letter)
        return None

    async def _decision(self, raw: RawRecord) -> Decision | None:
        """What the record makes due; None when it can't be told, which the rows' agent reports."""
        while True:
            try:
                return await _tried(lambda: due.decide(decoded(raw)))
            except Unreadable:
                return None
            except Exception as error:  # noqa: BLE001 - judged here; a dead letter is the rows' agent's
                bug = _bug(unexpected(raw, error), FLOW_OF_TOPIC[raw.source.topic])
                if await self._hold.gives_up(bug):
                    return None

    async def _attempt(self, decisions: Sequence[Decision]) -> Exception | None:
        """Try a few times in place; the last error if it never worked. Waits while the outbox is away."""
        failures: list[Exception] = []
        with ExitStack() as waits:
            while len(failures) < TRIES:
                try:
                    await self._outbox.record_many(decisions)
                except OutboxAway as error:
                    log.warning("%s", error)
                    waits.enter_context(self._hold.waiting_for_outbox())
                    await asyncio.sleep(AWAY_SECONDS)
                except Unreadable as error:
                    return error
                except Exception as error:  # noqa: BLE001 - handed back to be judged
                    failures.append(error)
                    await asyncio.sleep(PAUSE_SECONDS)
                else:
                    return None
        return failures[-1]

    async def _put_aside(self, letter: DeadLetter) -> None:
        self._meters.dead_letters.labels(letter.reason).inc()
        await self._publisher.dead_letter(letter)
        self._tell(letter)


class RowDesk:
    """Turns records into rows on `order-lifecycle`; `tell` hears of each dead letter."""

    def __init__(
        self,
        publisher: RowPublisher,
        meters: Meters,
        hold: Hold,
        tell: Callable[[DeadLetter], None] = lambda letter: None,
    ) -> None:
        self._tell = tell
        self._publisher = publisher
        self._meters = meters
        self._hold = hold

    async def handle(self, records: Sequence[RawRecord]) -> None:
        """Returns when every record's rows or its dead letter are acknowledged, or the topic is let go of."""
        rows: list[LifecycleRow] = []
        try:
            for raw in records:
                with about_record(raw):
                    await self._add(raw, rows)
                self._meters.records.labels(raw.source.topic).inc()
        except Leaving:
            self._hold.leave(records)
        await self._publish(rows)

    async def _add(self, raw: RawRecord, rows: list[LifecycleRow]) -> None:
        while True:
            try:
                rows += await _tried(lambda: from_event(decoded(raw), raw.source))
            except Unreadable as error:
                return await self._put_aside(unreadable(raw, error))
            except Exception as error:  # noqa: BLE001 - our own mistake: given up or held
                # What came before the bug doesn't wait for it.
                await self._publish(rows)
                rows.clear()
                letter = unexpected(raw, error)
                if await self._hold.gives_up(_bug(letter, _failing_flow(raw))):
                    return await self._put_aside(letter)
            else:
                return None

    async def _put_aside(self, letter: DeadLetter) -> None:
        self._meters.dead_letters.labels(letter.reason).inc()
        await self._publisher.dead_letter(letter)
        self._tell(letter)

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
        _agent(app, topic.name, topic, kafka.topic_prefix, flows.handle, FLOWS_WITHIN_SECONDS)
    # One each, so that a record held by a bug holds up no other topic's rows.
    for topic in EVENT_TOPICS:
        _agent(app, f"{topic.name}-rows", topic, kafka.topic_prefix, rows.handle, ROWS_WITHIN_SECONDS)


def _agent(
    app: Any,
    name: str,
    topic: Topic,
    prefix: str,
    handle: Callable[[Sequence[RawRecord]], Awaitable[None]],
    within_seconds: float,
) -> None:
    async def read(stream: Any) -> None:
        async for events in stream.take_events(BATCH, within=within_seconds):
            await handle([raw_record(event, prefix) for event in events])

    app.agent(app.topic(topic.full_name(prefix)), name=name)(read)


async def _tried(read: Callable[[], T]) -> T:
    """What is read of a record; what nobody expected is tried a few times in place before it counts."""
    for _ in range(TRIES - 1):
        try:
            return read()
        except Unreadable:
            raise
        except Exception:  # noqa: BLE001 - the last try lets it through
            await asyncio.sleep(PAUSE_SECONDS)
    return read()


def _trace_of(raw: RawRecord) -> str | None:
    """The traceparent that the door wrote; what is none begins a trace of its own."""
    return (dict(raw.headers).get("traceparent") or b"").decode("ascii", "replace") or None


def _place(raw: RawRecord) -> str:
    return f"{raw.source.topic}/{raw.source.partition}/{raw.source.offset}"


def _on_trace(decision: Decision | None) -> Decision | None:
    """The decision with effects that know which trace they are of, while there are traces."""
    trace = here()
    if decision is None or trace is None:
        return decision
    effects = [replace(one, payload={**one.payload, "traceparent": trace}) for one in decision.effects]
    return replace(decision, effects=tuple(effects))


def _bug(letter: DeadLetter, flow: str) -> Bug:
    return Bug(flow=flow, fingerprint=letter.fingerprint, error=letter.error, place=letter.place)


def _failing_flow(raw: RawRecord) -> str:
    """Whose bug it is that no rows could be made: the flow's if it can't decide either."""
    try:
        due.decide(decoded(raw))
    except Exception:  # noqa: BLE001 - only whether it fails is asked
        return FLOW_OF_TOPIC.get(raw.source.topic, LIFECYCLE)
    return LIFECYCLE
