"""A procedure whose answers a test writes down, and the runner at work on it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from analytics.lifecycle import Consent
from streams.effect import Effect, Outcome, State
from streams.outbox import Outbox
from streams.procedure import Claim, Done, Fail, Procedure, Ready, Suppress
from streams.runner import Runner
from streams.setback import Backoff
from streams.settings import OutboxSettings
from tests.streams.made_effects import FLOW, NOW, an_effect, due

KEY = "notice:payment:1"


AT_ONCE = Backoff(delays_seconds=(0.0,))


CONSENT = Consent(subscription_status="SUBSCRIBED", deliverability_status="VALID", asked_at=NOW)


# What a step does, in turn; the last one repeats. An exception is raised, a callable is awaited.
Script = list[Any]


@dataclass
class Scripted:
    """A procedure whose answers a test writes down, and which remembers what it was asked."""

    prepare_: Script = field(
        default_factory=lambda: [Ready(request="hello", claim={"conversation_id": "c-1"})]
    )
    act_: Script = field(default_factory=lambda: [Done(wix_id="m-1", request_id="r-1")])
    read_back_: Script = field(default_factory=lambda: [None])
    confirm_: Script = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)

    async def prepare(self, effect: Effect, *, now: datetime) -> Ready | Suppress | Fail:
        answer: Ready | Suppress | Fail = await self._next("prepare", self.prepare_, effect)
        return answer

    async def act(self, effect: Effect, ready: Ready) -> Done:
        answer: Done = await self._next("act", self.act_, effect)
        return answer

    async def read_back(self, effect: Effect, claim: Claim) -> Done | Suppress | Fail | None:
        self.claims.append(claim)
        answer: Done | Suppress | Fail | None = await self._next("read_back", self.read_back_, effect)
        return answer

    async def confirm(self, effect: Effect, done: Done) -> Done:
        answer: Done = await self._next("confirm", self.confirm_ or [done], effect)
        return answer

    async def _next(self, step: str, script: Script, effect: Effect) -> Any:
        self.asked.append((step, effect.key))
        answer = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(answer, Exception):
            raise answer
        return await answer(effect) if callable(answer) else answer

    @property
    def steps(self) -> list[str]:
        return [step for step, _ in self.asked if step != "confirm"]

    @property
    def calls(self) -> list[str]:
        return [key for step, key in self.asked if step == "act"]


@asynccontextmanager
async def opened(folder: Path, *, read_back_after: float = 0.0, lease: float = 60.0) -> AsyncIterator[Outbox]:
    settings = OutboxSettings(
        data_dir=folder,
        outbox_url="",
        read_back_after=timedelta(seconds=read_back_after),
        site_lease=timedelta(seconds=lease),
    )
    outbox = Outbox(settings)
    await outbox.open()
    try:
        yield outbox
    finally:
        await outbox.close()


@asynccontextmanager
async def running(
    outbox: Outbox, procedures: Procedure | Mapping[str, Procedure], **more: Any
) -> AsyncIterator[None]:
    by_flow = procedures if isinstance(procedures, Mapping) else {FLOW: procedures}
    options: dict[str, Any] = {"backoff": AT_ONCE, "poll_seconds": 0.02} | more
    stop = asyncio.Event()
    task = asyncio.create_task(Runner(outbox, by_flow, **options).run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        # What other tasks, threads and processes do to the outbox has no event to wait for.
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def until_settled(outbox: Outbox, *states: State) -> None:
    """Every effect stands in one of these states (default: nothing more to do)."""
    settled = states or (State.DONE, State.SUPPRESSED, State.FAILED)

    async def holds() -> bool:
        counts = await outbox.counts()
        return not any(count for state, count in counts.items() if state not in settled)

    await until(holds)


async def history(outbox: Outbox) -> list[Outcome]:
    return [each for _, each in await outbox.unsent(1000) if isinstance(each, Outcome)]


async def carried(outbox: Outbox, procedure: Scripted, *settled: State, **more: Any) -> list[Outcome]:
    """One effect is recorded and worked until it has settled; its outcomes."""
    await outbox.record(due(an_effect()))
    async with running(outbox, procedure, **more):
        await until_settled(outbox, *settled)
    return await history(outbox)


def states(outcomes: list[Outcome]) -> list[State]:
    return [each.state for each in outcomes]


CLAIMED, DONE, WAITING, DOUBTFUL = State.CLAIMED, State.DONE, State.WAITING, State.DOUBTFUL


async def is_in(outbox: Outbox, key: str, state: State) -> bool:
    shown = await outbox.show(key)
    return shown is not None and shown.held.state is state


async def counted(outbox: Outbox, state: State, count: int) -> bool:
    return (await outbox.counts())[state] == count


async def is_probed(outbox: Outbox) -> bool:
    return bool(await outbox.open_circuits())


async def is_paused(outbox: Outbox) -> bool:
    return bool(await outbox.paused())


async def was_tried(procedure: Scripted, key: str) -> bool:
    return ("prepare", key) in procedure.asked


async def was_called(procedure: Scripted, key: str) -> bool:
    return key in procedure.calls
