"""`python -m streams ledger`: owns the DuckDB file, writes the rows into it, and answers reports."""

import asyncio
import contextlib
import ipaddress
import logging
import socket
import threading
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import uvicorn
from faust.transport.drivers.aiokafka import Consumer

from analytics.ledger import AnotherLog, Ledger, LedgerRecord, PartitionSample
from analytics.service import create_ledger_app
from ingest.admin import committed, end_offsets, topic_ids
from ingest.settings import KafkaSettings
from ingest.topics import ALL_TOPICS, EVENT_TOPICS, ORDER_LIFECYCLE
from streams.app import ledger_group, make_app, worker_group
from streams.internal import InternalServer, bound, create_internal_app
from streams.ledger_seat import LedgerSeat, opened, ready_path
from streams.ledger_swap import catch_up
from streams.meters import Meters
from streams.running import (
    Refusal,
    ask_log,
    run_app,
    stop_on_signals,
    topics_present,
    until_stopped,
)
from streams.settings import LedgerProcessSettings

log = logging.getLogger(__name__)

BATCH = 5000
BATCH_WITHIN_SECONDS = 0.25
SAMPLE_SECONDS = 10.0
LOOK_SECONDS = 1.0
SERVICE_STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPlan:
    """Everything the ledger process is told at its start."""

    kafka: KafkaSettings
    ledger: LedgerProcessSettings


async def run_ledger(plan: LedgerPlan) -> None:
    """Own the ledger until SIGTERM or SIGINT.

    Raises:
        Refusal: open to the world without a token, a port taken, topics missing, or another log.
    """
    settings = plan.ledger
    _refuse_open_door(settings)
    stop = stop_on_signals()
    ledger = await until_stopped(opened(settings.path), stop)
    if ledger is None:
        return
    seat = LedgerSeat(ledger)
    try:
        with _report_service(seat, settings) as desk:
            await _write(plan, seat, desk, stop)
    finally:
        seat.close()


async def _write(plan: LedgerPlan, seat: LedgerSeat, desk: "ReportDesk", stop: asyncio.Event) -> None:
    meters, kafka = Meters(), plan.kafka
    app = make_app(ledger_group(kafka), kafka, plan.ledger.data_dir)
    internal = create_internal_app(meters.registry, missing=lambda: _missing(app))
    async with InternalServer(internal, plan.ledger.ledger_internal_port, setting="LEDGER_INTERNAL_PORT"):
        if not await until_stopped(_same_log(kafka, seat), stop):
            return
        app.transport.Consumer = ledger_consumer(seat, stop)
        _register(app, kafka, seat, meters, stop)
        beside = [
            asyncio.ensure_future(_sample(kafka, seat)),
            asyncio.ensure_future(_publish(seat, plan.ledger.snapshot_seconds)),
            asyncio.ensure_future(_swap(kafka, seat, desk)),
        ]
        try:
            await run_app(app, stop)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
        # It may have ended because the log was changed under it.
        await _refuse_another_log(seat)


async def _same_log(kafka: KafkaSettings, seat: LedgerSeat) -> bool:
    """Wait for the broker and make sure that its topic is the one the ledger was filled from."""
    await topics_present(kafka)
    seat.topic_id = (await ask_log(lambda: topic_ids(kafka)))[ORDER_LIFECYCLE.name]
    await _refuse_another_log(seat)
    log.info("ledger %s reads on at offset %d", seat.ledger.path, await seat.next_offset())
    return True


async def _refuse_another_log(seat: LedgerSeat) -> None:
    try:
        await seat.next_offset()
    except AnotherLog as error:
        raise Refusal(str(error)) from error


def ledger_consumer(seat: LedgerSeat, stop: asyncio.Event) -> type:
    """A Faust consumer that starts where DuckDB ends, whatever the group has committed.

    Faust seeks to the committed offsets after every rebalance; this is the method it uses.
    """

    class LedgerConsumer(Consumer):
        async def seek_to_committed(self) -> Any:
            offsets = dict(await super().seek_to_committed())
            for place in self.assignment():
                try:
                    offsets[place] = await seat.next_offset()
                except AnotherLog:
                    stop.set()
                    continue
                await self._seek(place, offsets[place])
            return offsets

    return LedgerConsumer


def _register(app: Any, kafka: KafkaSettings, seat: LedgerSeat, meters: Meters, stop: asyncio.Event) -> None:
    async def write(stream: Any) -> None:
        async for events in stream.take_events(BATCH, within=BATCH_WITHIN_SECONDS):
            records = [_ledger_record(event.message) for event in events]
            try:
                meters.rows.inc(await seat.append(records))
            except AnotherLog:
                stop.set()
                await asyncio.Event().wait()  # nothing may be acknowledged any more

    topic = app.topic(ORDER_LIFECYCLE.full_name(kafka.topic_prefix))
    app.agent(topic, name="ledger")(write)


def _ledger_record(message: Any) -> LedgerRecord:
    """The record's time is the broker's: that is when the row became known."""
    known_at = datetime.fromtimestamp(round(message.timestamp * 1000) / 1000, UTC)
    return LedgerRecord(offset=message.offset, known_at=known_at, value=message.value or b"")


async def _sample(kafka: KafkaSettings, seat: LedgerSeat) -> None:
    while True:
        try:
            samples = await ask_log(lambda: _samples(kafka))
            await seat.record_samples(datetime.now(UTC), samples)
        except Exception:
            log.exception("no sample of the worker's progress")
        await asyncio.sleep(SAMPLE_SECONDS)


def _samples(kafka: KafkaSettings) -> list[PartitionSample]:
    """Committed before ends, the rows' topic last: what is committed then has its rows below that end."""
    done = committed(kafka, worker_group(kafka), [topic.name for topic in EVENT_TOPICS])
    ends = end_offsets(kafka, [topic.name for topic in ALL_TOPICS if topic is not ORDER_LIFECYCLE])
    ends |= end_offsets(kafka, [ORDER_LIFECYCLE.name])
    return [
        PartitionSample(topic=topic, partition=partition, committed=done.get((topic, partition)), end=end)
        for (topic, partition), end in ends.items()
    ]


async def _publish(seat: LedgerSeat, every_seconds: float) -> None:
    """A version at every beat, and one soon after the first rows of an empty ledger."""
    await seat.first_rows.wait()
    while True:
        try:
            await seat.publish()
        except Exception:
            log.exception("no new version for readers")
        await asyncio.sleep(every_seconds)


async def _swap(kafka: KafkaSettings, seat: LedgerSeat, desk: "ReportDesk") -> None:
    """Take a finished rebuild over: catch up in it while still serving, then change the file."""
    while True:
        ready = ready_path(seat.ledger.path)
        if ready.exists():
            try:
                await _take_over(kafka, seat, await asyncio.to_thread(Ledger.open, ready), desk)
            except Exception:
                failed = ready.with_suffix(".failed")
                log.exception("the rebuilt ledger can't be taken over; it is set aside as %s", failed)
                ready.replace(failed)
        await asyncio.sleep(LOOK_SECONDS)


async def _take_over(kafka: KafkaSettings, seat: LedgerSeat, rebuilt: Ledger, desk: "ReportDesk") -> None:
    try:
        await catch_up(rebuilt, kafka, seat.topic_id, upto=await seat.next_offset())
        async with seat.paused():
            await catch_up(rebuilt, kafka, seat.topic_id, upto=await seat.next_offset())
            await asyncio.to_thread(seat.replace, rebuilt)
    except BaseException:
        rebuilt.close()
        raise
    desk.show(seat.ledger)
    log.info("the rebuilt ledger is in place: %s", seat.ledger.path)


async def _missing(app: Any) -> list[str]:
    if not app.started or app.rebalancing or not app.consumer.assignment():
        return ["no_partitions: waiting for Kafka; reports are answered from what is there"]
    return []


class ReportDesk:
    """The report service's address stays the same when the ledger behind it changes."""

    def __init__(self, ledger: Ledger, token: str | None) -> None:
        self._token = token
        self._app = create_ledger_app(ledger, token=token)

    def show(self, ledger: Ledger) -> None:
        """Answer from another ledger from now on."""
        self._app = create_ledger_app(ledger, token=self._token)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """ASGI."""
        await self._app(scope, receive, send)


@contextlib.contextmanager
def _report_service(seat: LedgerSeat, settings: LedgerProcessSettings) -> Iterator[ReportDesk]:
    """The report service in a thread of its own, so that a long report never delays the log."""
    desk = ReportDesk(seat.ledger, settings.reports_token.get_secret_value() or None)
    listening = bound(settings.reports_host, settings.reports_port, setting="REPORTS_PORT")
    config = uvicorn.Config(desk, log_level="warning", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="reports", daemon=True)
    thread.start()
    log.info("reports at http://%s:%d", *_address(listening))
    try:
        yield desk
    finally:
        server.should_exit = True
        thread.join(SERVICE_STOP_SECONDS)
        listening.close()


def _address(listening: socket.socket) -> tuple[str, int]:
    host, port = listening.getsockname()[:2]
    return str(host), int(port)


def _refuse_open_door(settings: LedgerProcessSettings) -> None:
    if settings.reports_token.get_secret_value() or _is_loopback(settings.reports_host):
        return
    raise Refusal(
        f"REPORTS_HOST is {settings.reports_host}, so anybody who reaches this machine "
        "could read the reports. Set REPORTS_TOKEN (the dashboard needs the same), "
        "or leave REPORTS_HOST at 127.0.0.1."
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
