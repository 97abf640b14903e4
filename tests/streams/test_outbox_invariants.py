"""Records, marks, claims, crashes, clocks in any order: the outbox's promises hold."""

import asyncio
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from streams.change import OPEN, Change, Held, Wanted
from streams.effect import Outcome, State
from streams.outbox import Errand, Outbox
from streams.procedure import Ready
from streams.settings import OutboxSettings
from tests.streams.made_effects import FLOW, Clock, a_mark, an_effect, due

KEYS = st.sampled_from([f"k{n}" for n in range(6)])
WORKERS = st.sampled_from(["one", "two"])

# How a call can end: the change it leads to, and whether Wix carried it out.
ENDS = st.sampled_from(
    [
        (Change(state=State.DONE, wix_id="m"), True),
        (Change(state=State.WAITING, reason="wix_busy", again_in=10, attempt=True), False),
        (Change(state=State.FAILED, reason="refused"), False),
        (Change(state=State.DOUBTFUL, reason="no_clear_answer", in_doubt=True, attempt=True), True),
        (Change(state=State.DOUBTFUL, reason="no_clear_answer", in_doubt=True, attempt=True), False),
    ]
)


class OutboxMachine(RuleBasedStateMachine):
    """Two workers on one file; `wix` is what Wix has really done, by effect."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.outbox = self.opened()
        self.recorded: set[str] = set()
        self.steps: dict[str, list[Outcome]] = {}
        self.wix: Counter[str] = Counter()
        # What each worker has in its hands: handed out, or claimed and called.
        self.handed: dict[str, list[Held]] = {"one": [], "two": []}
        self.called: dict[str, Held] = {}

    def do(self, job: Any) -> Any:
        return self.loop.run_until_complete(job)

    def opened(self) -> Outbox:
        outbox = Outbox(OutboxSettings(data_dir=Path(self.folder.name), outbox_url=""), clock=self.clock)
        self.do(outbox.open())
        return outbox

    def teardown(self) -> None:
        self.do(self.outbox.close())
        self.loop.close()
        self.folder.cleanup()

    @initialize()
    def begin(self) -> None:
        self.record("k0")

    @rule(key=KEYS)
    def record(self, key: str) -> None:
        # Two orders, so that effects hold each other back.
        effect = an_effect(key, order=f"order-{int(key[1]) % 2}", site=f"site-{int(key[1]) % 3}")
        added = self.do(self.outbox.record(due(effect)))
        assert added == (key not in self.recorded)
        self.recorded.add(key)

    @rule(key=KEYS)
    def mark(self, key: str) -> None:
        self.do(self.outbox.record(a_mark(key)))

    @rule(seconds=st.sampled_from([1, 15, 30, 61]))
    def time_passes(self, seconds: int) -> None:
        self.clock.forward(seconds)

    @rule(worker=WORKERS)
    def pick(self, worker: str) -> None:
        picked = self.do(self.outbox.pick(Errand(owner=worker, flows=(FLOW,), sites=3)))
        self.handed[worker] = [held for one in picked for held in one.effects]

    @precondition(lambda self: any(self.handed.values()))
    @rule(worker=WORKERS, end=ENDS)
    def work(self, worker: str, end: tuple[Change, bool]) -> None:
        """The next effect in hand: asked after if in doubt, else claimed and called; then settled."""
        claim = self.claimed(worker)
        if claim is None:
            return
        change, carried_out = end
        self.wix[claim.effect.key] += carried_out
        self.do(self.outbox.settle(claim, change))

    @precondition(lambda self: any(self.handed.values()))
    @rule(worker=WORKERS, carried_out=st.booleans())
    def call_and_freeze(self, worker: str, carried_out: bool) -> None:
        """The call is made, its outcome isn't written: the worker crashed, or comes back late."""
        claim = self.claimed(worker)
        if claim is not None:
            self.wix[claim.effect.key] += carried_out
            self.called[claim.effect.key] = claim

    @precondition(lambda self: bool(self.called))
    @rule(end=ENDS)
    def come_back_late(self, end: tuple[Change, bool]) -> None:
        """It tells what it saw: done if Wix carried it out."""
        key, claim = self.called.popitem()
        change = Change(state=State.DONE, wix_id="m") if self.wix[key] else end[0]
        if change.state is not State.DONE or self.wix[key]:
            self.do(self.outbox.settle(claim, change))

    @rule()
    def crash(self) -> None:
        """All workers are gone; one starts again on the same file."""
        self.do(self.outbox.close())
        self.outbox = self.opened()
        self.handed = {"one": [], "two": []}
        self.called = {}

    @rule()
    def redrive(self) -> None:
        self.do(self.outbox.redrive(Wanted()))

    def claimed(self, worker: str) -> Held | None:
        """As a runner does it: a doubt is asked after, and only a clear "no" leads to another claim."""
        if not self.handed[worker]:
            return None
        held = self.handed[worker].pop(0)
        if held.called_at is not None and self.wix[held.effect.key]:
            self.do(self.outbox.settle(held, Change(state=State.DONE, wix_id="m")))
            return None
        claim: Held | None = self.do(
            self.outbox.claim(worker, held, Ready(request=None), timedelta(seconds=20))
        )
        return claim

    @invariant()
    def nothing_is_done_twice(self) -> None:
        assert all(count <= 1 for count in self.wix.values()), self.wix

    @invariant()
    def steps_rise_by_one_and_nothing_follows_a_final_state(self) -> None:
        outcomes = [each for _, each in self.do(self.outbox.unsent(10_000)) if isinstance(each, Outcome)]
        for key in self.recorded:
            mine = [each for each in outcomes if each.effect_key == key]
            assert [each.step for each in mine] == list(range(1, len(mine) + 1))
            finals = [n for n, each in enumerate(mine) if each.state in (State.DONE, State.SUPPRESSED)]
            assert finals in ([], [len(mine) - 1])

    @invariant()
    def the_outbox_and_its_outcomes_tell_the_same(self) -> None:
        outcomes = [each for _, each in self.do(self.outbox.unsent(10_000)) if isinstance(each, Outcome)]
        last = {each.effect_key: each.state for each in outcomes}
        now = Counter(last.get(key, State.DUE) for key in self.recorded)
        counts = self.do(self.outbox.counts())
        assert counts == {state: now[state] for state in State}
        assert sum(counts.values()) == len(self.recorded)

    @invariant()
    def one_order_has_one_effect_under_way(self) -> None:
        listed = self.do(self.outbox.listing(Wanted(), 100))
        under_way = Counter(
            (each.held.effect.instance_id, each.held.effect.order_id)
            for each in listed
            if each.held.state is State.CLAIMED
        )
        assert all(count == 1 for count in under_way.values())
        assert all(
            each.held.called_at is None for each in listed if each.held.state not in (*OPEN, State.FAILED)
        )


OutboxMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
TestOutboxMachine = OutboxMachine.TestCase
