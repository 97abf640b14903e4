"""Outboxes on a test's database, and effects brought to the state that a test begins with."""

from contextlib import AsyncExitStack
from datetime import timedelta

from streams.change import Change, Held
from streams.effect import Outcome, State
from streams.outbox import Errand, Outbox
from streams.pause import Bug
from streams.procedure import Ready
from streams.settings import OutboxSettings
from tests.streams.made_effects import FLOW, Clock, an_effect, due

KEY = "notice:payment:1"


CLAIM = timedelta(seconds=20)


READY = Ready(request=None, claim={"conversation_id": "c-1"})


class Outboxes:
    """Opens outboxes on the test's database; each stands for a process of its own."""

    def __init__(self, settings: OutboxSettings, clock: Clock, stack: AsyncExitStack) -> None:
        self._settings = settings
        self._clock = clock
        self._stack = stack

    async def open(self, *, own_clock: bool = True) -> Outbox:
        outbox = Outbox(self._settings, clock=self._clock if own_clock else None)
        await outbox.open()
        self._stack.push_async_callback(outbox.close)
        return outbox


async def picked(outbox: Outbox, owner: str = "one", *, in_hand: tuple[str, ...] = ()) -> dict[str, Held]:
    """What a worker is handed out now, by key."""
    errand = Errand(owner=owner, flows=(FLOW,), in_hand=in_hand, sites=10)
    return {held.effect.key: held for one in await outbox.pick(errand) for held in one.effects}


async def claimed(outbox: Outbox, key: str = KEY, owner: str = "one") -> Held:
    held = (await picked(outbox, owner))[key]
    claim = await outbox.claim(owner, held, READY, CLAIM)
    assert claim is not None
    return claim


async def brought_to(outbox: Outbox, state: State) -> Held:
    """The effect KEY, recorded and then brought to this state."""
    await outbox.record(due(an_effect()))
    if state is State.DUE:
        return (await picked(outbox))[KEY]
    held = await claimed(outbox)
    if state is State.CLAIMED:
        return held
    in_doubt = state is State.DOUBTFUL
    assert await outbox.settle(held, Change(state=state, in_doubt=in_doubt, again_in=100.0, wix_id=None))
    return held


async def state_of(outbox: Outbox, key: str = KEY) -> State:
    shown = await outbox.show(key)
    assert shown is not None
    return shown.held.state


async def outcomes(outbox: Outbox) -> list[tuple[int, State, str | None]]:
    return [
        (each.step, each.state, each.reason)
        for _, each in await outbox.unsent(1000)
        if isinstance(each, Outcome)
    ]


async def handed_out(outbox: Outbox, *flows: str) -> list[Held]:
    """What a worker with free hands is handed out now; its sites are let go of at once."""
    found = await outbox.pick(Errand(owner="one", flows=flows or (FLOW,), sites=10))
    return [held for one in found for held in one.effects]


def a_bug(place: str, *, flow: str = FLOW, fingerprint: str = "KeyError:x.py:y") -> Bug:
    return Bug(flow=flow, fingerprint=fingerprint, error="KeyError at x.py:y", place=place)
