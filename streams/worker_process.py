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
from streams.access_receiver import AccessSettingsWrong, Endpoint, endpoint
from streams.agents import FlowDesk, RowDesk, register
from streams.alert import of_dead_letter, of_outcome
from streams.alerting import Alerts
from streams.app import make_app, worker_group
from streams.dead_letter import DeadLetter
from streams.hands import at_work
from streams.holding import Hold, capped
from streams.internal import InternalServer, create_internal_app
from streams.meters import Meters
from streams.outbox import Outbox, OutboxAway
from streams.outbox_schema import SchemaTooNew
from streams.outbox_unsent import Unsent
from streams.outcomes import OutcomeSender
from streams.owners import Owners
from streams.pause import this_build
from streams.quota_keeper import keep_commands
from streams.quota_share import QUOTA_FILE, CommandQuota
from streams.reconcile_run import ReconcilePlan
from streams.rows import RowPublisher
from streams.running import (
    Refusal,
    ask_log,
    run_app,
    stop_on_signals,
    topics_present,
    until_stopped,
)
from streams.settings import (
    AccessSettings,
    AlertSettings,
    FlowSettings,
    OutboxSettings,
    ReportsSettings,
    UpkeepSettings,
    WixSettings,
    WorkerSettings,
)
from streams.upkeep import Upkeep
from streams.watchdog import Watchdog, look_at_log
from streams.worker_state import WorkerState

log = logging.getLogger(__name__)

Begin = Literal["committed", "earliest", "latest"]

TOPIC_NAMES = [topic.name for topic in EVENT_TOPICS]
AWAY_SECONDS = 5.0
NOTE_SECONDS = 2.0
ALERTS_TOLD = "alerts-worker.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPlan:
    """Everything a worker is told at its start."""

    kafka: KafkaSettings
    outbox: OutboxSettings
    flows: FlowSettings
    wix: WixSettings
    worker: WorkerSettings
    access: AccessSettings
    alerts: AlertSettings
    upkeep: UpkeepSettings
    reports: ReportsSettings
    owners: Owners
    begin: Begin = "committed"


async def run_worker(plan: WorkerPlan) -> None:
    """Work until SIGTERM or SIGINT.

    Raises:
        Refusal: access is set up wrongly, topics are missing, the group's position is gone, a port is taken.
    """
    _access(plan)
    stop = stop_on_signals()
    outbox = Outbox(plan.outbox)
    try:
        await _work(plan, outbox, stop)
    finally:
        await outbox.close()


async def _work(plan: WorkerPlan, outbox: Outbox, stop: asyncio.Event) -> None:
    meters = Meters(this_build(plan.outbox.build_version))
    alerts = Alerts(
        plan.alerts,
        plan.outbox.data_dir / ALERTS_TOLD,
        count=lambda outcome: meters.alerts.labels(outcome).inc(),
    )
    meters.template_mistakes.set_function(lambda: plan.owners.templates.mistakes)
    app = make_app(worker_group(plan.kafka), plan.kafka, plan.outbox.data_dir)
    hold = Hold(outbox, plan.kafka.topic_prefix, lambda: stop.is_set() or bool(app.rebalancing))
    state = WorkerState(app, outbox, meters, hold, plan.kafka.topic_prefix)
    state.watchdog = _watchdog(plan, state, meters)
    internal = create_internal_app(meters.registry, missing=state.missing, refresh=state.refresh)
    host, port = plan.worker.worker_internal_host, plan.worker.worker_internal_port
    async with InternalServer(internal, port, host=host, setting="WORKER_INTERNAL_PORT"):
        with state.watchdog.watching():
            if not await until_stopped(_opened(outbox), stop):
                return
            state.is_outbox_open = True
            if await until_stopped(_ready_to_read(plan, outbox), stop):
                parts = _Parts(app=app, outbox=outbox, meters=meters, hold=hold, alerts=alerts)
                await _read_and_act(plan, parts, stop)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What the parts of a worker have in common."""

    app: Any
    outbox: Outbox
    meters: Meters
    hold: Hold
    alerts: Alerts

    def tell_letter(self, letter: DeadLetter) -> None:
        self.alerts.tell(of_dead_letter(letter))

    def tell_change(self, one: Unsent) -> None:
        self.alerts.tell(of_outcome(one))


async def _read_and_act(plan: WorkerPlan, parts: _Parts, stop: asyncio.Event) -> None:
    app, outbox, meters, hold = parts.app, parts.outbox, parts.meters, parts.hold
    async with RowPublisher(plan.kafka) as publisher, parts.alerts.posting():
        app.transport.Consumer = capped(hold.caps)
        flows = FlowDesk(outbox, publisher, meters, hold, parts.tell_letter)
        register(app, plan.kafka, flows, RowDesk(publisher, meters, hold, parts.tell_letter))
        sender = OutcomeSender(outbox, publisher, meters, parts.tell_change)
        async with (
            _beside(
                sender.run,
                lambda: _note_group(plan.kafka, outbox),
                _upkeep(plan, outbox).run,
                lambda: _commands(plan, outbox),
            ),
            at_work(
                outbox,
                stop,
                wix=plan.wix,
                flows=plan.flows,
                worker=plan.worker,
                owners=plan.owners,
                access=_access(plan),
                meters=meters,
            ),
        ):
            await run_app(app, stop)
        await _send_the_rest(sender)


def _upkeep(plan: WorkerPlan, outbox: Outbox) -> Upkeep:
    tools = ReconcilePlan(kafka=plan.kafka, wix=plan.wix, reports=plan.reports, data_dir=plan.outbox.data_dir)
    return Upkeep(outbox, tools, plan.upkeep)


def _commands(plan: WorkerPlan, outbox: Outbox) -> Awaitable[None]:
    """What commands and upkeep ask of Wix is in the report `quota`, too."""
    shared = CommandQuota(plan.outbox.data_dir / QUOTA_FILE, plan.wix.wix_command_calls_per_minute)
    return keep_commands(shared, outbox, limit=plan.wix.wix_calls_per_minute)


def _access(plan: WorkerPlan) -> Endpoint | None:
    try:
        return endpoint(plan.access)
    except AccessSettingsWrong as error:
        raise Refusal(str(error)) from None


def _watchdog(plan: WorkerPlan, state: WorkerState, meters: Meters) -> Watchdog:
    return Watchdog(
        plan.worker.watchdog_after,
        loop=asyncio.get_running_loop(),
        reading=state.reading,
        ask=lambda: look_at_log(plan.kafka, worker_group(plan.kafka)),
        on_look=meters.watchdog_looks.inc,
    )


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


async def _opened(outbox: Outbox) -> bool:
    """Wait until the outbox' database answers."""
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
