"""What the outbox does about bugs, failing sites and old work, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta

import pytest

from analytics.lifecycle import FlowPauseFacts, LifecycleRow
from streams.change import Change, Held, Wanted
from streams.effect import State
from streams.lifecycle import from_pause
from streams.outbox import Errand, Outbox
from streams.outbox_ready import WINDOW
from streams.pause import Bug, FlowChange
from streams.procedure import Ready
from streams.settings import OutboxSettings
from tests.streams.made_effects import FLOW, SITE, Clock, an_effect, due

CLAIM = timedelta(seconds=20)
READY = Ready(request=None, claim={"conversation_id": "c-1"})
BUSY = Change(state=State.WAITING, reason="wix_busy", again_in=10.0, attempt=True, site_failed=True)
DONE = Change(state=State.DONE, wix_id="m-1", site_failed=False)


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Builds:
    """Outboxes on the test's database, each opened by a build."""

    def __init__(self, settings: OutboxSettings, clock: Clock, stack: AsyncExitStack) -> None:
        self._settings = settings
        self._clock = clock
        self._stack = stack

    async def open(self, build: str = "1.0") -> Outbox:
        outbox = Outbox(self._settings.model_copy(update={"build_version": build}), clock=self._clock)
        await outbox.open()
        self._stack.push_async_callback(outbox.close)
        return outbox


@pytest.fixture
async def builds(outbox_settings: OutboxSettings, clock: Clock) -> AsyncIterator[Builds]:
    async with AsyncExitStack() as stack:
        yield Builds(outbox_settings, clock, stack)


@pytest.fixture
async def outbox(builds: Builds) -> Outbox:
    return await builds.open()


async def picked(outbox: Outbox, *flows: str) -> list[Held]:
    """What a worker with free hands is handed out now; its sites are let go of at once."""
    found = await outbox.pick(Errand(owner="one", flows=flows or (FLOW,), sites=10))
    return [held for one in found for held in one.effects]


async def worked(outbox: Outbox, to: Change) -> str:
    """The next effect is taken up and ends so; its key."""
    held = (await picked(outbox))[0]
    assert await outbox.settle(held, to)
    return held.effect.key


def a_bug(place: str, *, flow: str = FLOW, fingerprint: str = "KeyError:x.py:y") -> Bug:
    return Bug(flow=flow, fingerprint=fingerprint, error="KeyError at x.py:y", place=place)


def failed_by_a_bug(*, in_doubt: bool = False) -> Change:
    return Change(
        state=State.FAILED, reason="bug", bug=True, attempt=True, in_doubt=in_doubt, fingerprint="KeyError:x"
    )


async def news_of_flows(outbox: Outbox) -> list[FlowChange]:
    return [news for _, news in await outbox.unsent() if isinstance(news, FlowChange)]


async def paused(outbox: Outbox) -> list[str]:
    return [one.flow for one in await outbox.paused()]


class TestBugs:
    async def test_the_third_place_with_one_fingerprint_is_held_and_pauses_the_flow(
        self, outbox: Outbox
    ) -> None:
        held = [await outbox.note_bug(a_bug(f"payments/0/{n}")) for n in range(4)]

        assert held == [False, False, True, True]
        (pause,) = await outbox.paused()
        assert (pause.flow, pause.build, pause.place) == (FLOW, "1.0", "payments/0/2")

    async def test_the_same_place_again_is_not_another_one(self, outbox: Outbox) -> None:
        """A record is read again after a crash, and by two agents."""
        held = [await outbox.note_bug(a_bug("payments/0/1")) for _ in range(5)]

        assert held == [False] * 5
        assert await paused(outbox) == []

    async def test_what_was_given_up_stays_so_once_the_flow_is_paused(self, outbox: Outbox) -> None:
        for n in range(3):
            await outbox.note_bug(a_bug(f"payments/0/{n}"))

        assert await outbox.note_bug(a_bug("payments/0/0")) is False

    async def test_different_bugs_are_counted_apart(self, outbox: Outbox) -> None:
        held = [await outbox.note_bug(a_bug(f"payments/0/{n}", fingerprint=f"f{n}")) for n in range(5)]

        assert held == [False] * 5

    async def test_a_paused_flow_gives_up_nothing_else_either(self, outbox: Outbox) -> None:
        for n in range(3):
            await outbox.note_bug(a_bug(f"payments/0/{n}"))

        assert await outbox.note_bug(a_bug("payments/0/9", fingerprint="another"))

    async def test_a_newer_build_goes_on_and_counts_anew(self, builds: Builds, outbox: Outbox) -> None:
        for n in range(3):
            await outbox.note_bug(a_bug(f"payments/0/{n}"))

        newer = await builds.open("1.1")

        assert await paused(newer) == []
        assert [await newer.note_bug(a_bug(f"payments/0/{n}")) for n in (3, 4, 5)] == [False, False, True]

    async def test_resume_lets_it_go_on_once(self, outbox: Outbox) -> None:
        for n in range(3):
            await outbox.note_bug(a_bug(f"payments/0/{n}"))

        assert await outbox.resume(FLOW)

        assert await paused(outbox) == []
        assert not await outbox.resume(FLOW)
        assert await outbox.note_bug(a_bug("payments/0/2")) is False


class TestTheLedgerIsTold:
    """Of a pause and its end, by news that the transaction writes which made them true."""

    async def test_once_when_a_flow_pauses_and_how_much_waits(self, outbox: Outbox, clock: Clock) -> None:
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(4))))
        for n in range(5):
            await outbox.note_bug(a_bug(f"payments/0/{n}"))

        (news,) = await news_of_flows(outbox)
        assert (news.flow, news.state, news.build, news.at) == (FLOW, "paused", "1.0", clock.now)
        assert (news.fingerprint, news.held) == ("KeyError:x.py:y", 5)  # four effects and the record

    async def test_an_effect_that_met_the_bug_is_counted_once(self, outbox: Outbox) -> None:
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(4))))
        for each in await picked(outbox):
            if await outbox.claim("one", each, READY, CLAIM) is not None:
                await outbox.settle(replace(each, step=each.step + 1), failed_by_a_bug())

        assert [(news.state, news.held) for news in await news_of_flows(outbox)] == [("paused", 2)]

    async def test_once_when_a_person_resumes(self, outbox: Outbox) -> None:
        for n in range(3):
            await outbox.note_bug(a_bug(f"payments/0/{n}"))

        await outbox.resume(FLOW)
        await outbox.resume(FLOW)

        assert [news.state for news in await news_of_flows(outbox)] == ["paused", "resumed"]

    async def test_once_when_a_newer_build_goes_on_while_the_pause_holds_for_the_old_one(
        self, builds: Builds, outbox: Outbox
    ) -> None:
        for n in range(3):
            await outbox.note_bug(a_bug(f"payments/0/{n}"))
        newer = await builds.open("1.1")

        for _ in range(2):
            await picked(newer)

        assert [(news.state, news.build) for news in await news_of_flows(outbox)] == [
            ("paused", "1.0"),
            ("resumed", "1.0"),
        ]
        assert await paused(outbox) == [FLOW]
        assert await outbox.resume(FLOW)
        assert len(await news_of_flows(outbox)) == 2

    async def test_a_newer_build_that_pauses_too_went_on_before(self, builds: Builds, outbox: Outbox) -> None:
        newer = await builds.open("1.1")
        for one in (outbox, newer):
            for n in range(3):
                await one.note_bug(a_bug(f"payments/0/{n}"))

        assert [(news.state, news.build) for news in await news_of_flows(outbox)] == [
            ("paused", "1.0"),
            ("resumed", "1.0"),
            ("paused", "1.1"),
        ]

    async def test_as_rows_that_are_the_same_however_often_they_are_sent(self, outbox: Outbox) -> None:
        for n in range(3):
            await outbox.note_bug(a_bug(f"payments/0/{n}"))
        await outbox.resume(FLOW)

        rows = [from_pause(news) for news in await news_of_flows(outbox)]
        assert rows == [from_pause(news) for news in await news_of_flows(outbox)]
        assert [(row.what, row.instance_id, row.entity_id) for row in rows] == [
            ("flow_paused", "", FLOW),
            ("flow_resumed", "", FLOW),
        ]
        assert len({row.row_id for row in rows}) == 2
        assert [LifecycleRow.from_bytes(row.to_bytes()) for row in rows] == rows
        facts = FlowPauseFacts(state="paused", fingerprint="KeyError:x.py:y", version="1.0", held=1)
        assert rows[0].facts == facts


class TestAPausedFlow:
    async def test_its_effects_are_not_handed_out_others_are(self, outbox: Outbox) -> None:
        await outbox.record(due(an_effect("a", order="a"), an_effect("b", flow="fulfillment", order="b")))
        for n in range(3):
            await outbox.note_bug(a_bug(f"payments/0/{n}"))

        assert [held.effect.key for held in await picked(outbox, FLOW, "fulfillment")] == ["b"]

    async def test_what_was_handed_out_before_is_not_claimed(self, outbox: Outbox) -> None:
        await outbox.record(due(an_effect()))
        (held,) = await picked(outbox)
        for n in range(3):
            await outbox.note_bug(a_bug(f"payments/0/{n}"))

        assert await outbox.claim("one", held, READY, CLAIM) is None

    @pytest.mark.parametrize("in_doubt", [False, True])
    async def test_the_third_effect_that_a_bug_would_fail_is_kept(
        self, outbox: Outbox, in_doubt: bool
    ) -> None:
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(4))))
        held = {each.effect.key: each for each in await picked(outbox)}
        for key, each in held.items():
            claim = await outbox.claim("one", each, READY, CLAIM)
            if claim is not None:
                assert await outbox.settle(claim, failed_by_a_bug(in_doubt=in_doubt)), key

        counts = await outbox.counts()
        kept = State.DOUBTFUL if in_doubt else State.WAITING
        assert (counts[State.FAILED], counts[kept], counts[State.DUE]) == (2, 1, 1)
        (pause,) = await outbox.paused()
        assert (pause.flow, pause.place) == (FLOW, "k2")

    async def test_goes_on_with_what_it_held(self, outbox: Outbox, clock: Clock) -> None:
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(3))))
        for each in await picked(outbox):
            await outbox.settle(each, failed_by_a_bug())
        assert await picked(outbox) == []

        await outbox.resume(FLOW)

        clock.forward(1)
        assert [each.effect.key for each in await picked(outbox)] == ["k2"]


class TestASiteThatFails:
    async def test_three_times_running_gets_one_try_at_a_time(self, outbox: Outbox, clock: Clock) -> None:
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(8))))
        for _ in range(2):
            await worked(outbox, BUSY)
        assert len(await picked(outbox)) > 1

        await worked(outbox, BUSY)

        assert await picked(outbox) == []
        clock.forward(10)
        assert len(await picked(outbox)) == 1
        (circuit,) = await outbox.open_circuits()
        assert (circuit.instance_id, circuit.failures) == (SITE, 3)

    async def test_one_success_ends_it(self, outbox: Outbox, clock: Clock) -> None:
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(8))))
        for _ in range(3):
            await worked(outbox, BUSY)
        clock.forward(10)

        await worked(outbox, DONE)

        assert await outbox.open_circuits() == []
        assert len(await picked(outbox)) > 1

    async def test_is_tried_again_within_a_minute_however_long_its_effects_wait(
        self, outbox: Outbox, clock: Clock
    ) -> None:
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(8))))
        hours = Change(state=State.WAITING, reason="wix_busy", again_in=14400.0, site_failed=True)
        for _ in range(3):
            await worked(outbox, hours)

        clock.forward(60)

        assert len(await picked(outbox)) == 1

    async def test_holds_up_no_other(self, outbox: Outbox) -> None:
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(4))))
        for _ in range(3):
            await worked(outbox, BUSY)
        await outbox.record(due(*(an_effect(f"x{n}", site="another", order=f"x{n}") for n in range(3))))

        assert [held.effect.key for held in await picked(outbox)] == ["x0", "x1", "x2"]

    async def test_what_says_nothing_of_the_site_counts_for_nothing(self, outbox: Outbox) -> None:
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(5))))
        for _ in range(4):
            await worked(outbox, Change(state=State.WAITING, reason="quota", again_in=10.0))

        assert await outbox.open_circuits() == []


class TestASiteWithVeryMuchToDo:
    """More than is looked at first when sites are looked for."""

    async def test_hides_no_other_while_it_is_in_hand(self, outbox: Outbox) -> None:
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(WINDOW + 50))))
        await outbox.record(due(an_effect("x", site="another", order="x")))
        await outbox.record(due(an_effect("y", site="one more", order="y")))

        busy = Errand(owner="one", flows=(FLOW,), sites=10, in_hand=(SITE,))

        found = await outbox.pick(busy)
        assert {one.site: [held.effect.key for held in one.effects] for one in found} == {
            "another": ["x"],
            "one more": ["y"],
        }

    async def test_is_handed_out_itself_where_nothing_else_waits(self, outbox: Outbox) -> None:
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(WINDOW + 50))))

        assert [held.effect.key for held in await picked(outbox)] == [f"k{n}" for n in range(16)]

    async def test_is_not_looked_at_while_it_rests_or_its_flow_is_paused(
        self, outbox: Outbox, clock: Clock
    ) -> None:
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(WINDOW + 50))))
        await outbox.record(due(an_effect("x", flow="fulfillment", site="another", order="x")))
        for _ in range(3):
            await worked(outbox, BUSY)

        assert [held.effect.key for held in await picked(outbox, FLOW, "fulfillment")] == ["x"]
        clock.forward(10)
        for n in range(3):
            await outbox.note_bug(a_bug(f"payments/0/{n}"))
        assert [held.effect.key for held in await picked(outbox, FLOW, "fulfillment")] == ["x"]


class TestLiveBeforeRedriven:
    async def test_what_happens_now_goes_before_what_people_gave_another_try(
        self, outbox: Outbox, clock: Clock
    ) -> None:
        await outbox.record(due(*(an_effect(f"old{n}", order=f"o{n}") for n in range(20))))
        while handed := await picked(outbox):
            for held in handed:
                await outbox.settle(held, Change(state=State.FAILED, reason="refused"))
        assert len(await outbox.redrive(Wanted(reason="refused"))) == 20
        clock.forward(1)
        await outbox.record(due(an_effect("live", order="live")))

        assert [held.effect.key for held in await picked(outbox)][:2] == ["live", "old0"]


class TestPruning:
    async def test_empties_old_final_effects_and_keeps_what_people_ask_for(
        self, outbox: Outbox, clock: Clock
    ) -> None:
        await outbox.record(due(an_effect()))
        (held,) = await picked(outbox)
        claim = await outbox.claim("one", held, READY, CLAIM)
        assert claim is not None
        await outbox.settle(claim, DONE)

        assert await outbox.prune() == 0
        clock.forward(timedelta(days=8).total_seconds())
        assert (await outbox.prune(), await outbox.prune()) == (1, 0)

        shown = await outbox.show(held.effect.key)
        assert shown is not None
        assert (shown.held.effect.payload, shown.held.claim_facts) == ({}, {})
        assert (shown.held.state, shown.wix_id, shown.ref) == (State.DONE, "m-1", held.effect.ref)
        assert await outbox.record(due(an_effect())) == 0

    async def test_touches_nothing_that_may_still_be_carried_out(self, outbox: Outbox, clock: Clock) -> None:
        await outbox.record(due(an_effect("failed", order="a"), an_effect("due", order="b")))
        failed = next(held for held in await picked(outbox) if held.effect.key == "failed")
        await outbox.settle(failed, Change(state=State.FAILED, reason="refused"))
        clock.forward(timedelta(days=400).total_seconds())

        assert await outbox.prune() == 0

    async def test_goes_in_small_steps(self, outbox: Outbox, clock: Clock) -> None:
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(5))))
        for held in await picked(outbox):
            await outbox.settle(held, DONE)
        clock.forward(timedelta(days=8).total_seconds())

        assert [await outbox.prune(2) for _ in range(4)] == [2, 2, 1, 0]
