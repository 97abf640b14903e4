"""Two workers on one outbox: each effect is carried out once, by one of them, in its order's order."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from streams.change import Wanted
from streams.effect import Effect, State
from streams.outbox import Outbox
from streams.procedure import Claim, Done, Ready
from streams.runner import Runner
from streams.setback import Backoff
from streams.settings import OutboxSettings
from streams.wix.errors import WixUnreachable
from tests.streams.made_effects import FLOW, an_effect, due

SITES, ORDERS, STEPS = 12, 3, 4


@dataclass
class Wix:
    """What both workers call: remembers what was done, and leaves every fifth call without an answer."""

    done: list[str] = field(default_factory=list)
    by: dict[str, set[str]] = field(default_factory=dict)
    calls: int = 0
    both_work: asyncio.Event = field(default_factory=asyncio.Event)
    at_work: set[str] = field(default_factory=set)


@dataclass
class Calls:
    """One worker's procedure."""

    worker: str
    wix: Wix

    async def prepare(self, effect: Effect, *, now: datetime) -> Ready:
        # Neither goes on before both have something in hand.
        self.wix.at_work.add(self.worker)
        if len(self.wix.at_work) == 2:
            self.wix.both_work.set()
        await self.wix.both_work.wait()
        return Ready(request=None)

    async def act(self, effect: Effect, ready: Ready) -> Done:
        self.wix.by.setdefault(self.worker, set()).add(effect.key)
        self.wix.calls += 1
        lost = self.wix.calls % 5 == 0
        if not lost or self.wix.calls % 2:
            self.wix.done.append(effect.key)
        await asyncio.sleep(0)
        if lost:
            raise WixUnreachable("cut")
        return Done(wix_id=f"at Wix: {effect.key}")

    async def read_back(self, effect: Effect, claim: Claim) -> Done | None:
        return Done(wix_id=f"at Wix: {effect.key}") if effect.key in self.wix.done else None

    async def confirm(self, effect: Effect, done: Done) -> Done:
        return done


@asynccontextmanager
async def worker(outbox: Outbox, name: str, wix: Wix) -> AsyncIterator[None]:
    stop = asyncio.Event()
    backoff = Backoff(delays_seconds=(0.0,))
    # Few hands each, so that neither can take all sites before the other comes.
    runner = Runner(outbox, {FLOW: Calls(name, wix)}, owner=name, sites=3, backoff=backoff, poll_seconds=0.02)
    running = asyncio.create_task(runner.run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def opened(settings: OutboxSettings, stack: AsyncExitStack) -> Outbox:
    outbox = Outbox(settings)
    await outbox.open()
    stack.push_async_callback(outbox.close)
    return outbox


async def all_done(outbox: Outbox, number: int) -> bool:
    return (await outbox.counts())[State.DONE] == number


async def test_each_effect_happens_once_and_in_its_orders_order(outbox_settings: OutboxSettings) -> None:
    settings = outbox_settings.model_copy(update={"read_back_after": outbox_settings.read_back_after * 0})
    effects = [
        an_effect(f"{site}/{order}/{step}", site=f"site-{site}", order=f"{site}/{order}")
        for step in range(STEPS)
        for site in range(SITES)
        for order in range(ORDERS)
    ]
    wix = Wix()

    async with AsyncExitStack() as stack:
        one, two = await opened(settings, stack), await opened(settings, stack)
        await one.record(due(*effects))
        async with worker(one, "one", wix), worker(two, "two", wix), asyncio.timeout(60):
            # What the workers do to the database has no event to wait for.
            while not await all_done(one, len(effects)):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        shown = await one.listing(Wanted(), limit=1000)

    assert Counter(wix.done) == Counter(effect.key for effect in effects)
    assert {each.wix_id for each in shown} == {f"at Wix: {effect.key}" for effect in effects}
    assert all(wix.by[name] for name in ("one", "two"))
    for order in {key.rpartition("/")[0] for key in wix.done}:
        steps = [key for key in wix.done if key.rpartition("/")[0] == order]
        assert steps == sorted(steps)
