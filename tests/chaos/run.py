"""One run: everything is started, posted to, killed and hindered; then it may settle, and is judged."""

import asyncio
import contextlib
import re
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import httpx

from sandbox.broker import EmbeddedBroker
from sandbox.ports import anywhere
from sandbox.stories.cast import seed_of_sites
from sandbox.stories.story import Expected, Seed, Story
from sandbox.stories.telling import SEED_BATCH, merged
from sandbox.system import System
from sandbox.webhooks import Signer
from sandbox.witness import StillWaiting, Witness, until
from tests.chaos import ledger, outbox
from tests.chaos.books import (
    Findings,
    judge_conservation,
    judge_ledger,
    judge_log,
    judge_outbox,
    judge_reports,
    judge_rows,
    judge_wix,
)
from tests.chaos.kills import Supervisor, planned_kills
from tests.chaos.log import behind, read_log, rows_end
from tests.chaos.orders import Delivery, cast, deliveries, orders
from tests.chaos.post import Poster
from tests.chaos.weather import Weather

READ_BACK_SECONDS = 6
# The longest wait of an effect while the run settles; several failures running would wait for hours.
LONGEST_WAIT_SECONDS = 12
# Waits that last a minute or more in production. A claim lasts WIX_TIMEOUT_SECONDS and ten more.
IMPATIENT = {
    "READ_BACK_AFTER": f"PT{READ_BACK_SECONDS}S",
    "SITE_LEASE": "PT3S",
    "WIX_TIMEOUT_SECONDS": "3",
    # The quota has tests of its own; here it would only make the run longer.
    "WIX_CALLS_PER_MINUTE": "1000000",
    "SANDBOX_CALLS_PER_MINUTE": "1000000",
}
SITES = 20
# So few of them meet a second fault while they are tried again: that would be a minute's wait.
EFFECTS_PER_FAULT = 12
TELL_SECONDS = 10.0
# Some kills may come while everything is held up by the kill before.
LAG_ALLOWED = 0.9
# A connection is let go of before the one who serves closes it, or a call could meet its end.
LIMITS = httpx.Limits(max_connections=None, keepalive_expiry=2.0)
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TELL = Callable[[str], None]


class NoBrokerOfItsOwn(Exception):
    """A broker that somebody else runs can't be killed."""

    def __init__(self) -> None:
        super().__init__("chaos kills its broker, so it needs one of its own: unset KAFKA_BOOTSTRAP_SERVERS.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run is told: how much, how often, by which seed, and how long it may take to settle."""

    effects: int
    kills: int
    seed: int
    workers: int = 2
    kill_seconds: float = 4.0
    settle_seconds: float = 600.0
    # SQLAlchemy's; empty: SQLite in the run's folder. It may hold a password, and is never told.
    outbox_url: str = field(default="", repr=False)

    @property
    def seconds(self) -> float:
        """How long it is posted and killed."""
        return max(1.0, self.kills * self.kill_seconds)


@dataclass(slots=True)
class _Run:
    """A running system and everything that acts on it."""

    plan: Plan
    tell: TELL
    system: System
    broker: EmbeddedBroker
    witness: Witness
    poster: Poster
    supervisor: Supervisor
    weather: Weather
    kill_rng: Random
    told: list[Story]
    sent: list[Delivery]
    seconds: dict[str, float] = field(default_factory=dict)
    hastened: int = 0

    @property
    def outbox(self) -> str:
        return self.plan.outbox_url or f"sqlite:///{self.system.data_dir / 'outbox.sqlite'}"

    @property
    def wanted(self) -> list[Expected]:
        return [end for story in self.told for end in story.expected]

    @property
    def where(self) -> tuple[str, str]:
        return self.system.bootstrap, self.system.topic_prefix


async def run(plan: Plan, folder: Path, tell: TELL) -> Findings:
    """Do all of it in `folder`; every process it started has ended when it returns or raises."""
    begun = time.monotonic()
    async with _started(plan, folder, tell) as one:
        one.seconds["start"] = time.monotonic() - begun
        with _cancelled_by_signals():
            async with _background(one.supervisor.run()):
                await _under_fire(one)
                await one.witness.calm()
                settled = await _settled(one)
            findings = await _judged(one)
    one.seconds["total"] = time.monotonic() - begun
    if settled is not None:
        findings.wrong.insert(0, settled)
    findings.figures = _told(one) | findings.figures
    return findings


@contextlib.asynccontextmanager
async def _started(plan: Plan, folder: Path, tell: TELL) -> AsyncIterator[_Run]:
    rngs = [Random(f"{plan.seed}/{what}") for what in ("orders", "kills", "weather")]
    shops = cast(rngs[0], SITES)
    told = orders(rngs[0], shops, datetime.now(UTC), effects=plan.effects)
    environment = IMPATIENT | {"OUTBOX_URL": plan.outbox_url}
    system = System(folder, sites=shops, ports=anywhere(), environment=environment, workers=plan.workers)
    if system.broker is None:
        raise NoBrokerOfItsOwn
    with system:
        tell(f"seed {plan.seed}: starting every room; logs in {system.data_dir / 'logs'}")
        system.start("wix", "ingest", "ledger", "worker")
        async with httpx.AsyncClient(limits=LIMITS) as http:
            witness = Witness(http, wix_url=system.wix_url, reports_url=system.reports_url)
            await _seed(witness, system, told)
            yield _Run(
                plan=plan,
                tell=tell,
                system=system,
                broker=system.broker,
                witness=witness,
                poster=Poster(
                    http,
                    Signer(system.data_dir),
                    webhook_url=system.webhook_url,
                    handover_url=system.handover_url,
                    token=system.handover_token,
                ),
                supervisor=Supervisor(system, system.broker, ["ingest", "ledger", *system.workers]),
                weather=Weather(
                    witness, rngs[2], every_seconds=EFFECTS_PER_FAULT * plan.seconds / plan.effects
                ),
                kill_rng=rngs[1],
                told=told,
                sent=deliveries(rngs[0], told),
            )


@contextlib.contextmanager
def _cancelled_by_signals() -> Iterator[None]:
    """A signal cancels what is under way, in place of interrupting whatever line runs just then."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in before:
        loop.add_signal_handler(number, task.cancel)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


async def _seed(witness: Witness, system: System, told: Sequence[Story]) -> None:
    await witness.seed(seed_of_sites(system.sites))
    held = [step.content for story in told for step in story.steps if isinstance(step, Seed)]
    for first in range(0, len(held), SEED_BATCH):
        await witness.seed(merged(held[first : first + SEED_BATCH]))


async def _under_fire(one: _Run) -> None:
    """Post everything while processes are killed and Wix is hindered."""
    begun = time.monotonic()
    per_second = len(one.sent) / one.plan.seconds
    one.tell(f"{len(one.sent)} deliveries at {per_second:.1f}/s, {one.plan.kills} kills")
    async with _background(one.weather.run(), _progress(one)), asyncio.TaskGroup() as group:
        group.create_task(one.poster.post_all(one.sent, per_second=per_second))
        group.create_task(_kill(one))
    one.seconds["fire"] = time.monotonic() - begun


async def _kill(one: _Run) -> None:
    """Kill by the clock, but not ahead of the deliveries, so that a slow machine works under fire as well."""
    planned = planned_kills(one.kill_rng, one.plan.kills, tuple(one.system.workers))
    for number, name in enumerate(planned):
        await asyncio.sleep(one.kill_rng.uniform(0.5, 1.5) * one.plan.kill_seconds)
        await one.poster.has_begun(len(one.sent) * number // len(planned) * LAG_ALLOWED)
        await one.supervisor.kill(name)


async def _settled(one: _Run) -> str | None:
    """Wait until nothing is left to do; what is left when the time is over."""
    begun = time.monotonic()
    one.tell("everything is posted; waiting until nothing is left to do")
    waits = {"seconds": LONGEST_WAIT_SECONDS, "read_back_seconds": READ_BACK_SECONDS}

    async def nothing_is_left() -> bool | None:
        one.hastened += await asyncio.to_thread(outbox.hasten, one.outbox, **waits)
        left = await _left(one)
        one.tell(f"left to do: {left}" if left else "nothing is left to do")
        return True if not left else None

    try:
        await until("nothing left to do", nothing_is_left, seconds=one.plan.settle_seconds)
    except StillWaiting:
        return f"not settled within {one.plan.settle_seconds:g} s: {await _left(one)}"
    finally:
        one.seconds["settle"] = time.monotonic() - begun
    return None


async def _left(one: _Run) -> dict[str, Any]:
    """What is not done yet, cheapest question first."""
    received = await one.witness.received()
    states, unsent = await asyncio.to_thread(outbox.standing, one.outbox)
    open_ = {state: count for state, count in states.items() if state not in outbox.FINAL}
    left: dict[str, Any] = {
        "webhooks of the sandbox": received["webhooks"]["waiting"],
        "effects not recorded": len(one.wanted) - states.total(),
        "effects open": open_,
        "outcomes unsent": unsent,
    }
    left = {name: count for name, count in left.items() if count}
    return left or await _left_to_read(one)


async def _left_to_read(one: _Run) -> dict[str, Any]:
    lag = await behind(*one.where)
    if lag != 0:
        return {"records behind": lag}
    totals, counts = await one.witness.totals(), await one.witness.conservation()
    left = {
        "effects not in the ledger": len(one.wanted) - totals["due"],
        "effects open in the ledger": totals["open"],
        "rows missing": counts["missing"],
        "outcomes missing": counts["missing_effects"],
    }
    return {name: count for name, count in left.items() if count}


async def _judged(one: _Run) -> Findings:
    begun = time.monotonic()
    one.tell("comparing the books")
    findings = Findings()
    judge_wix(findings, one.wanted, await one.witness.received())
    judge_conservation(findings, await one.witness.conservation())
    box = await asyncio.to_thread(outbox.listed, one.system.environment)
    judge_outbox(findings, one.wanted, box)
    judge_ledger(findings, one.wanted, await one.witness.effects(), box)
    # Now nobody writes any more; what was acknowledged holds without a farewell.
    for name in one.system.workers:
        one.system.kill(name)
    await _ledger_has_all(one)
    one.system.kill("ledger")
    log = await read_log(*one.where)
    judge_log(findings, one.poster.taken, log)
    rebuilt = await asyncio.to_thread(ledger.rebuilt_beside, one.system)
    live = one.system.data_dir / "ledger.duckdb"
    judge_rows(findings, log, ledger.compared(live, rebuilt))
    judge_reports(findings, *await asyncio.to_thread(ledger.reports_differing, live, rebuilt))
    one.seconds["judge"] = time.monotonic() - begun
    return findings


async def _ledger_has_all(one: _Run) -> None:
    """Wait for the rows of a worker's last moment; a ledger that never has them is found out by its rows."""
    end = await rows_end(*one.where)

    async def has_all() -> bool:
        return await one.witness.rows_end() >= end

    with contextlib.suppress(StillWaiting):
        await until("the ledger to have read all rows", has_all, seconds=one.plan.settle_seconds)


def _told(one: _Run) -> dict[str, Any]:
    plan = asdict(one.plan) | {"outbox": re.split("[:+]", one.outbox)[0]}
    del plan["outbox_url"]
    return {
        **plan,
        "orders": len(one.told),
        "expected": len(one.wanted),
        "posted": one.poster.answers.total(),
        "deliveries": one.poster.deliveries,
        "repeats": sum(delivery.is_repeat for delivery in one.sent),
        "answers": dict(sorted(one.poster.answers.items())),
        "killed": dict(sorted(one.supervisor.kills.items())),
        "ended_by_themselves": dict(sorted(one.supervisor.ended.items())),
        "hastened": one.hastened,
        "faults": dict(sorted(one.weather.faults.items())),
        "seconds": {name: round(value, 1) for name, value in one.seconds.items()},
    }


async def _progress(one: _Run) -> None:
    while True:
        await asyncio.sleep(TELL_SECONDS)
        states, _ = await asyncio.to_thread(outbox.standing, one.outbox)
        killed = one.supervisor.kills.total()
        one.tell(f"{one.poster.deliveries} of {len(one.sent)} delivered, {killed} kills, {dict(states)}")


@contextlib.asynccontextmanager
async def _background(*works: Any) -> AsyncIterator[None]:
    """Work that goes on while the block runs; when it fails, the block fails."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in works]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
