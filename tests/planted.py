"""Markers planted in what Wix sends, and everywhere they may turn up: log, outbox, ledger, logs, metrics."""

import asyncio
import copy
import logging
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import duckdb
import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from prometheus_client import generate_latest

from analytics.ledger import LedgerRecord
from analytics.lifecycle import Source
from ingest import catalogue
from ingest.app import Door, create_app
from ingest.keys import FixedKeys
from ingest.metrics import DoorMetrics
from ingest.publisher import MemoryPublisher
from ingest.record import EventRecord, Headers
from ingest.settings import KafkaSettings
from ingest.topics import ORDER_LIFECYCLE
from streams.agents import FLOW_TOPICS, FlowDesk, RowDesk
from streams.dead_letter import RawRecord
from streams.effect import PAYMENT_NOTICE, PURCHASE_NOTICE, Decision, Effect, State
from streams.holding import Hold
from streams.meters import Meters
from streams.notice import NoticeProcedure
from streams.outbox import Outbox
from streams.outcomes import OutcomeSender
from streams.rows import RowPublisher
from streams.runner import Runner
from streams.settings import FlowSettings, OutboxSettings, WixSettings
from streams.sites import Sites
from streams.wix.client import WixClient
from tests.empty_ledger import open_ledger

MARKER = re.compile(r"planted\d{5}x")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
Step = str | int
Sent = tuple[str, bytes | None, bytes | None, Headers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One webhook with a marker in the place of one of its texts.

    `place` is that text's path; what the carrier holds is under `entity`, list indices are left out.
    `sent` is the event with what stands beside it in the delivery: `identity`, `accountInfo`.
    """

    marker: str
    event_type: str
    place: str
    sent: dict[str, Any]


def planted(webhooks: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[Planted]:
    """Every text of every webhook, one at a time, so that all else is as Wix sends it."""
    number = 0
    for event_type, sent in webhooks:
        carrier = _carrier(event_type, sent["data"])
        for path in texts(sent):
            number += 1
            marker = f"planted{number:05d}x"
            yield Planted(
                marker=marker,
                event_type=event_type,
                place=_place(path, carrier),
                sent=replaced(sent, path, marker),
            )


def texts(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """The paths of all texts in a JSON value."""
    if isinstance(value, str):
        yield path
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, member in members:
        yield from texts(member, (*path, key))


def replaced(whole: Any, path: tuple[Step, ...], text: str) -> Any:
    """A copy with one text replaced."""
    changed = copy.deepcopy(whole)
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = text
    return changed


def _carrier(event_type: str, body: dict[str, Any]) -> str:
    webhook = catalogue.find(event_type, body)
    return webhook.carrier if webhook else catalogue.CREATED


def _place(path: tuple[Step, ...], carrier: str) -> str:
    """The path in words: `entity.lineItems.id`, `identity.memberId`."""
    steps = [step for step in path if isinstance(step, str)]
    if steps[0] == "data":
        steps = steps[1:]
    inside = carrier.split(".") if carrier else []
    if inside and steps[: len(inside)] == inside:
        steps = ["entity", *steps[len(inside) :]]
    return ".".join(steps)


class Broker(RowPublisher):
    """A RowPublisher that keeps what it would send."""

    def __init__(self) -> None:
        super().__init__(KafkaSettings(topic_prefix=""))
        self.sent: list[Sent] = []

    async def _publish(self, records: Sequence[Sent]) -> None:
        self.sent += records


class Heard(logging.Handler):
    """Everything that is logged, at any level, by anyone."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line, its arguments put in, and the traceback with it."""
        self.lines.append(self.format(record))


@contextmanager
def listening() -> Iterator[Heard]:
    """Hear all loggers while the block runs."""
    root, heard = logging.getLogger(), Heard()
    level = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    try:
        yield heard
    finally:
        root.removeHandler(heard)
        root.setLevel(level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What can be read afterwards at each place where data rests or shows."""

    log: str
    outbox: str
    ledger: str
    logs: str
    metrics: str

    def markers(self, where: str) -> set[str]:
        """The markers that stand there."""
        return set(MARKER.findall(getattr(self, where)))


async def walk(tokens: Sequence[bytes], key: RSAPublicKey, folder: Path) -> Reached:
    """Send webhooks through the door and carry what it writes all the way to outbox and ledger."""
    log, door_metrics, meters = MemoryPublisher(), DoorMetrics(), Meters()
    door = Door(keys=FixedKeys((key,)), publisher=log, metrics=door_metrics)
    with listening() as heard:
        answers = await _sent(door, tokens)
        rows, outbox = await _worked(log.records, meters, folder)
        ledger = _kept(rows, folder / "ledger.duckdb")
    assert answers == {"ok"}
    return Reached(
        log="\n".join(_spelled(record.key, record.value, record.headers) for record in log.records),
        outbox=outbox,
        ledger=ledger + "\n".join(_spelled(key, value, headers) for _, key, value, headers in rows),
        logs="\n".join(heard.lines),
        metrics=door_metrics.exposition().decode() + generate_latest(meters.registry).decode(),
    )


async def _sent(door: Door, tokens: Sequence[bytes]) -> set[str]:
    transport = httpx.ASGITransport(create_app(door))
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as http:
        return {(await http.post("/webhooks/wix", content=token)).text for token in tokens}


async def _worked(records: Sequence[EventRecord], meters: Meters, folder: Path) -> tuple[list[Sent], str]:
    """What the worker's desks make of the log: rows and dead letters, and the outbox as text."""
    broker, outbox = Broker(), Outbox(OutboxSettings(data_dir=folder))
    await outbox.open()
    try:
        raw = [_raw(record, offset) for offset, record in enumerate(records)]
        await RowDesk(broker, meters, Hold(outbox)).handle(raw)
        await FlowDesk(outbox, broker, meters).handle(
            [one for one in raw if one.source.topic in {topic.name for topic in FLOW_TOPICS}]
        )
        while await OutcomeSender(outbox, broker, meters).send():
            pass
    finally:
        await outbox.close()
    return broker.sent, _dumped(folder / "outbox.sqlite")


def _dumped(path: Path) -> str:
    with closing(sqlite3.connect(path)) as database:
        return "\n".join(database.iterdump())


def _raw(record: EventRecord, offset: int) -> RawRecord:
    source = Source(topic=record.topic, partition=0, offset=offset)
    return RawRecord(
        source=source, key=record.key, value=record.value, headers=record.headers, at=record.received_at
    )


def _kept(sent: Sequence[Sent], path: Path) -> str:
    """A ledger filled with the rows, all its tables as text."""
    rows = [value for topic, _, value, _ in sent if topic == ORDER_LIFECYCLE.name and value is not None]
    records = [LedgerRecord(offset=at, known_at=NOW, value=row) for at, row in enumerate(rows)]
    ledger = open_ledger(path)
    try:
        ledger.append(records, topic=ORDER_LIFECYCLE.name, partition=0, topic_id="one")
    finally:
        ledger.close()
    with duckdb.connect(str(path), read_only=True) as database:
        tables = database.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        return "\n".join(
            str(database.execute(f'from {schema}."{name}"').fetchall()) for schema, name in tables
        )


def _spelled(key: bytes | None, value: bytes | None, headers: Headers) -> str:
    return "\n".join((each or b"").decode() for each in (key, value, *(held for _, held in headers)))


async def refused(bodies: Sequence[bytes], key: RSAPublicKey) -> str:
    """Everything the door says to anybody about requests that it does not take."""
    log, metrics = MemoryPublisher(), DoorMetrics()
    door = Door(keys=FixedKeys((key,)), publisher=log, metrics=metrics)
    with listening() as heard:
        answers = await _sent(door, bodies)
    assert not log.records
    return "\n".join([*answers, *heard.lines, metrics.exposition().decode()])


async def carried_out(effects: Sequence[Effect], wix: WixSettings, folder: Path) -> Reached:
    """Have the runner carry out notices at that Wix, until none is due, and send what came of them."""
    broker, outbox, meters, stop = (
        Broker(),
        Outbox(OutboxSettings(data_dir=folder)),
        Meters(),
        asyncio.Event(),
    )
    flows = FlowSettings(_env_file=None)
    with listening() as heard:
        await outbox.open()
        try:
            await outbox.record_many([Decision(effects=(one,)) for one in effects])
            async with WixClient(wix) as client:
                notices = NoticeProcedure(client, Sites(flows), flows)
                runner = Runner(outbox, {PAYMENT_NOTICE: notices, PURCHASE_NOTICE: notices})
                running = asyncio.create_task(runner.run(stop))
                with anyio.fail_after(60):
                    while not await _at_rest(outbox):  # noqa: ASYNC110 - the outbox tells nobody
                        await anyio.sleep(0.05)
                stop.set()
                await running
            while await OutcomeSender(outbox, broker, meters).send():
                pass
        finally:
            await outbox.close()
    return Reached(
        log="",
        outbox=_dumped(folder / "outbox.sqlite"),
        ledger="\n".join(_spelled(key, value, headers) for _, key, value, headers in broker.sent),
        logs="\n".join(heard.lines),
        metrics=generate_latest(meters.registry).decode(),
    )


async def _at_rest(outbox: Outbox) -> bool:
    counts = await outbox.counts()
    return not any(counts.get(state) for state in (State.DUE, State.CLAIMED))
