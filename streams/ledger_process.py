"""`python -m streams ledger`: owns the DuckDB file, writes the rows into it, and answers reports."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from analytics.ledger import AnotherLog, Ledger, PartitionSample
from ingest.admin import committed, end_offsets, topic_ids
from ingest.settings import KafkaSettings
from ingest.topics import ALL_TOPICS, EVENT_TOPICS, ORDER_LIFECYCLE
from streams.app import ledger_group, make_app, worker_group
from streams.internal import InternalServer, create_internal_app
from streams.ledger_agent import ledger_consumer, register
from streams.ledger_seat import LedgerSeat, failed_path, opened, ready_path
from streams.ledger_swap import catch_up
from streams.meters import Meters
from streams.report_desk import ReportDesk, refuse_open_door, report_service
from streams.running import (
    Refusal,
    ask_log,
    has_partitions,
    run_app,
    stop_on_signals,
    topics_present,
    until_stopped,
)
from streams.settings import LedgerProcessSettings

log = logging.getLogger(__name__)

SAMPLE_SECONDS = 10.0
LOOK_SECONDS = 1.0


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
    refuse_open_door(settings)
    stop = stop_on_signals()
    seat = await until_stopped(opened(settings.path), stop)
    if seat is None:
        return
    try:
        with report_service(seat.ledger, settings) as desk:
            await _write(plan, seat, desk, stop)
    finally:
        seat.close()


async def _write(plan: LedgerPlan, seat: LedgerSeat, desk: ReportDesk, stop: asyncio.Event) -> None:
    meters, kafka = Meters(), plan.kafka
    app = make_app(ledger_group(kafka), kafka, plan.ledger.data_dir)
    internal = create_internal_app(meters.registry, missing=lambda: _missing(app))
    host, port = plan.ledger.ledger_internal_host, plan.ledger.ledger_internal_port
    async with InternalServer(internal, port, host=host, setting="LEDGER_INTERNAL_PORT"):
        if not await until_stopped(_same_log(kafka, seat), stop):
            return
        app.transport.Consumer = ledger_consumer(seat, stop)
        register(app, kafka, seat, meters, stop)
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


async def _swap(kafka: KafkaSettings, seat: LedgerSeat, desk: ReportDesk) -> None:
    """Take a finished rebuild over: catch up in it while still serving, then change the file."""
    while True:
        ready = ready_path(seat.ledger.path)
        if ready.exists():
            try:
                await _take_over(kafka, seat, await asyncio.to_thread(Ledger.open, ready), desk)
            except Exception:
                failed = failed_path(seat.ledger.path)
                log.exception("the rebuilt ledger can't be taken over; it is set aside as %s", failed)
                ready.replace(failed)
        await asyncio.sleep(LOOK_SECONDS)


async def _take_over(kafka: KafkaSettings, seat: LedgerSeat, rebuilt: Ledger, desk: ReportDesk) -> None:
    try:
        await catch_up(rebuilt, kafka, seat.topic_id, upto=await seat.next_offset())
        async with seat.paused():
            await catch_up(rebuilt, kafka, seat.topic_id, upto=await seat.next_offset())
            async with desk.closed():
                await asyncio.to_thread(seat.replace, rebuilt)
                desk.show(seat.ledger)
    except BaseException:
        rebuilt.close()
        raise
    finally:
        # Also when it failed half-way, the file may have been opened again.
        desk.show(seat.ledger)
    log.info("the rebuilt ledger is in place: %s", seat.ledger.path)


async def _missing(app: Any) -> list[str]:
    if not has_partitions(app):
        return ["no_partitions: waiting for Kafka; reports are answered from what is there"]
    return []
