"""`python -m streams worker`: the agents, the runner and the sender of outcomes, in one event loop."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from ingest.admin import committed, end_offsets
from ingest.settings import KafkaSettings
from ingest.topics import EVENT_TOPICS
from streams.agents import FlowDesk, RowDesk, register
from streams.app import make_app, worker_group
from streams.effect import FULFILLMENT, PAYMENT_NOTICE, PURCHASE_NOTICE, State
from streams.holding import Hold, capped
from streams.internal import InternalServer, create_internal_app
from streams.meters import Meters
from streams.notice import NoticeProcedure
from streams.outbox import Outbox, OutboxAway
from streams.outbox_schema import SchemaTooNew
from streams.outcomes import OutcomeSender
from streams.pause import PAUSABLE
from streams.procedure import Procedure
from streams.quota import Quota
from streams.rows import RowPublisher
from streams.runner import Runner
from streams.running import (
    Refusal,
    ask_log,
    has_partitions,
    run_app,
    stop_on_signals,
    topics_present,
    until_stopped,
)
from streams.settings import FlowSettings, OutboxSettings, WixSettings, WorkerSettings
from streams.shipment import ShipmentProcedure
from streams.sites import Sites
from streams.wix.client import WixClient

log = logging.getLogger(__name__)

Begin = Literal["committed", "earliest", "latest"]

TOPIC_NAMES = [topic.name for topic in EVENT_TOPICS]
AWAY_SECONDS = 5.0
NOTE_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPlan:
    """Everything a worker is told at its start."""

    kafka: KafkaSettings
    outbox: OutboxSettings
    flows: FlowSettings
    wix: WixSettings
    worker: WorkerSettings
    begin: Begin = "committed"


async def run_worker(plan: WorkerPlan) -> None:
    """Work until SIGTERM or SIGINT.

    Raises:
        Refusal: topics are missing, the group's position is gone, or a port is taken.
    """
    stop = stop_on_signals()
    async with _open_outbox(plan.outbox, stop) as outbox:
        if outbox is not None:
            await _work(plan, outbox, stop)


async def _work(plan: WorkerPlan, outbox: Outbox, stop: asyncio.Event) -> None:
    meters = Meters()
    app = make_app(worker_group(plan.kafka), plan.kafka, plan.outbox.data_dir)
    state = _State(app, outbox, meters, plan.kafka.topic_prefix)
    internal = create_internal_app(meters.registry, missing=state.missing, refresh=state.refresh)
    host, port = plan.worker.worker_internal_host, plan.worker.worker_internal_port
    async with InternalServer(internal, port, host=host, setting="WORKER_INTERNAL_PORT"):
        if not await until_stopped(_ready_to_read(plan, outbox), stop):
            return
        async with RowPublisher(plan.kafka) as publisher:
            hold = Hold(outbox, plan.kafka.topic_prefix, lambda: stop.is_set() or bool(app.rebalancing))
            app.transport.Consumer = capped(hold.caps)
            desks = FlowDesk(outbox, publisher, meters, hold), RowDesk(publisher, meters, hold)
            register(app, plan.kafka, *desks)
            sender = OutcomeSender(outbox, publisher, meters)
            async with (
                _beside(sender.run, lambda: _note_group(plan.kafka, outbox)),
                _runner(plan, outbox, stop),
            ):
                await run_app(app, stop)
            await _send_the_rest(sender)


async def _ready_to_read(plan: WorkerPlan, outbox: Outbox) -> bool:
    """Wait for the broker, then see to it that the group starts where it should."""
    await topics_present(plan.kafka)
    group = worker_group(plan.kafka)
    if plan.begin == "latest":
        await _skip_to_end(plan.kafka, group)
    elif plan.begin == "committed" and await outbox.knows_group(group):
        await _refuse_lost_position(plan.kafka, group)
    log.info("worker starts: group %s, broker %s", group, plan.kafka.kafka_bootstrap_servers)
    return True


async def _refuse_lost_position(kafka: KafkaSettings, group: str) -> None:
    if await ask_log(lambda: committed(kafka, group, TOPIC_NAMES)):
        return
    raise Refusal(
        f"Kafka has forgotten how far the group {group} had read, though it had read before. "
        "Start once with --from earliest (reads all again; nothing is done twice), "
        "or with --from latest (skips what arrived in between)."
    )


async def _skip_to_end(kafka: KafkaSettings, group: str) -> None:
    ends = await ask_log(lambda: end_offsets(kafka, TOPIC_NAMES))
    offsets = {
        TopicPartition(f"{kafka.topic_prefix}{topic}", partition): OffsetAndMetadata(end, "")
        for (topic, partition), end in ends.items()
    }
    consumer = AIOKafkaConsumer(**kafka.aiokafka_options(), group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(list(offsets))
        await consumer.commit(offsets)
    finally:
        await consumer.stop()


async def _note_group(kafka: KafkaSettings, outbox: Outbox) -> None:
    """Remember, once, that this group has committed; from then on a loss is noticed."""
    group = worker_group(kafka)
    while not await ask_log(lambda: committed(kafka, group, TOPIC_NAMES)):  # noqa: ASYNC110 - the broker's
        await asyncio.sleep(NOTE_SECONDS)
    with contextlib.suppress(OutboxAway):  # the next start notes it
        await outbox.note_group(group)


@contextlib.asynccontextmanager
async def _open_outbox(settings: OutboxSettings, stop: asyncio.Event) -> AsyncIterator[Outbox | None]:
    """The outbox, as soon as its database answers; None when told to stop before."""
    outbox = Outbox(settings)
    try:
        yield outbox if await until_stopped(_opened(outbox), stop) else None
    finally:
        await outbox.close()


async def _opened(outbox: Outbox) -> bool:
    while True:
        try:
            await outbox.open()
        except SchemaTooNew as error:
            raise Refusal(str(error)) from error
        except OutboxAway as error:
            log.warning("waiting for the outbox: %s", error)
            await asyncio.sleep(AWAY_SECONDS)
        else:
            return True


@contextlib.asynccontextmanager
async def _runner(plan: WorkerPlan, outbox: Outbox, stop: asyncio.Event) -> AsyncIterator[None]:
    """The runner, which ends what it has begun once `stop` is set."""
    sites, quota = Sites(plan.flows), Quota(plan.wix.live_calls_per_minute)
    async with WixClient(plan.wix, take=quota.take) as wix:
        runner = Runner(
            outbox,
            _procedures(wix, sites, plan.flows),
            sites=plan.worker.worker_sites,
            call_seconds=plan.wix.wix_timeout_seconds,
        )
        running = asyncio.create_task(runner.run(stop))
        running.add_done_callback(lambda _: stop.set())
        try:
            yield
        finally:
            stop.set()
            await running


def _procedures(wix: WixClient, sites: Sites, flows: FlowSettings) -> dict[str, Procedure]:
    notice, shipment = NoticeProcedure(wix, sites, flows), ShipmentProcedure(wix, sites, flows)
    return {PAYMENT_NOTICE: notice, PURCHASE_NOTICE: notice, FULFILLMENT: shipment}


@contextlib.asynccontextmanager
async def _beside(*works: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Work that goes on beside, until the block is left."""
    tasks = [asyncio.ensure_future(work()) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                log.error("ended early: %r", result)


async def _send_the_rest(sender: OutcomeSender) -> None:
    """What the runner ended last; anything left is sent at the next start."""
    with contextlib.suppress(OutboxAway, TimeoutError):
        async with asyncio.timeout(AWAY_SECONDS):
            while await sender.send():
                pass


class _State:
    """What the internal port tells of this worker."""

    def __init__(self, app: Any, outbox: Outbox, meters: Meters, prefix: str) -> None:
        self._app = app
        self._outbox = outbox
        self._meters = meters
        self._prefix = prefix

    async def missing(self) -> list[str]:
        lacking = []
        if not has_partitions(self._app):
            lacking.append("no_partitions: waiting for Kafka or for this group's turn")
        try:
            lacking += [f"flow_paused: {one}" for one in await self._outbox.paused()]
        except OutboxAway as error:
            lacking.append(f"outbox_away: {error}")
        return lacking

    async def refresh(self) -> None:
        with contextlib.suppress(OutboxAway):
            counts = await self._outbox.counts()
            for state in State:
                self._meters.effects.labels(state.value).set(counts.get(state, 0))
            paused = {one.flow for one in await self._outbox.paused()}
            for flow in PAUSABLE:
                self._meters.paused.labels(flow).set(flow in paused)
            self._meters.probed_sites.set(len(await self._outbox.open_circuits()))
        if has_partitions(self._app):
            self._set_lag(self._app.consumer)

    def _set_lag(self, consumer: Any) -> None:
        for place in consumer.assignment():
            end, done = consumer.highwater(place), consumer._committed_offset.get(place)
            if end is not None and done is not None:
                topic = place.topic.removeprefix(self._prefix)
                self._meters.lag.labels(topic, str(place.partition)).set(max(0, end - done))
