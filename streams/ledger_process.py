"""`python -m streams ledger`: owns the DuckDB file, writes the rows into it, and answers reports."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from analytics.ledger import AnotherLog, Ledger, PartitionSample, Share
from ingest.admin import committed, end_offsets, topic_ids
from ingest.settings import KafkaSettings
from ingest.topics import ALL_TOPICS, EVENT_TOPICS, ORDER_LIFECYCLE
from streams.alerting import Alerts
from streams.app import ledger_group, make_app, worker_group
from streams.internal import InternalServer, create_internal_app
from streams.ledger_agent import BATCH, ledger_consumer, register
from streams.ledger_seat import LedgerSeat, failed_path, opened, ready_path
from streams.ledger_state import LedgerState
from streams.ledger_swap import catch_up
from streams.meters import LedgerMeters
from streams.pause import this_build
from streams.report_desk import ReportDesk, refuse_open_door, report_service
from streams.running import (
    Refusal,
    ask_log,
    run_app,
    stop_on_signals,
    topics_present,
    until_stopped,
)
from streams.settings import AlertSettings, LedgerProcessSettings
from streams.watchdog import Watchdog, look_at_rows

log = logging.getLogger(__name__)

SAMPLE_SECONDS = 10.0
LOOK_SECONDS = 1.0
WATCH_SECONDS = 1.0
ALERTS_TOLD = "alerts-ledger.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPlan:
    """Everything the ledger process is told at its start."""

    kafka: KafkaSettings
    ledger: LedgerProcessSettings
    alerts: AlertSettings


async def run_ledger(plan: LedgerPlan) -> None:
    """Own the ledger until SIGTERM or SIGINT.

    Raises:
        Refusal: open to the world without a token, a port taken, topics missing, or another log.
    """
    settings = plan.ledger
    refuse_open_door(settings)
    stop, meters = stop_on_signals(), LedgerMeters(this_build(""))
    app = make_app(ledger_group(plan.kafka), plan.kafka, settings.data_dir, records_per_poll=BATCH)
    told = settings.data_dir / ALERTS_TOLD
    alerts = Alerts(plan.alerts, told, count=lambda outcome: meters.alerts.labels(outcome).inc())
    state = LedgerState(app, meters, alerts, plan.alerts)
    internal = create_internal_app(meters.registry, missing=state.missing)
    host, port = settings.ledger_internal_host, settings.ledger_internal_port
    async with InternalServer(internal, port, host=host, setting="LEDGER_INTERNAL_PORT"), alerts.posting():
        watching = asyncio.ensure_future(_watch(state))
        try:
            with _watchdog(plan, state, meters).watching():
                await _own(plan, app, state, meters, stop)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


def _watchdog(plan: LedgerPlan, state: LedgerState, meters: LedgerMeters) -> Watchdog:
    watchdog = Watchdog(
        plan.ledger.watchdog_after,
        loop=asyncio.get_running_loop(),
        reading=state.reading,
        ask=lambda: look_at_rows(plan.kafka, state.read_to),
        on_look=meters.watchdog_looks.inc,
    )
    meters.still_seconds.set_function(lambda: watchdog.still_seconds)
    return watchdog


async def _own(
    plan: LedgerPlan, app: Any, state: LedgerState, meters: LedgerMeters, stop: asyncio.Event
) -> None:
    share = Share(memory=plan.ledger.ledger_memory, threads=plan.ledger.ledger_threads)
    seat = await until_stopped(opened(plan.ledger.path, share), stop)
    if seat is None:
        return
    state.seat = seat
    try:
        with report_service(seat.ledger, plan.ledger, meters) as desk:
            await _read(plan, app, seat, desk, state, meters, stop)
    finally:
        seat.close()


async def _read(
    plan: LedgerPlan,
    app: Any,
    seat: LedgerSeat,
    desk: ReportDesk,
    state: LedgerState,
    meters: LedgerMeters,
    stop: asyncio.Event,
) -> None:
    kafka = plan.kafka
    if not await until_stopped(_same_log(kafka, seat), stop):
        return
    app.transport.Consumer = ledger_consumer(seat, stop)
    register(app, kafka, seat, meters, stop)
    beside = [
        asyncio.ensure_future(_sample(kafka, seat, state)),
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


async def _watch(state: LedgerState) -> None:
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        state.look(datetime.now(UTC))


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


async def _sample(kafka: KafkaSettings, seat: LedgerSeat, state: LedgerState) -> None:
    while True:
        try:
            samples = await ask_log(lambda: _samples(kafka))
            state.saw(datetime.now(UTC), samples, await seat.next_offset())
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
