"""What the outbox does about bugs: count them, pause their flow, tell the ledger."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from analytics.lifecycle import FlowPauseFacts, LifecycleRow
from streams.change import Change
from streams.effect import State
from streams.lifecycle import from_pause
from streams.outbox import Outbox
from streams.pause import FlowChange
from streams.settings import OutboxSettings
from tests.contracts.outbox_states import CLAIM, READY, a_bug, handed_out
from tests.streams.made_effects import FLOW, Clock, an_effect, due


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
        for each in await handed_out(outbox):
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
            await handed_out(newer)

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

        assert [held.effect.key for held in await handed_out(outbox, FLOW, "fulfillment")] == ["b"]

    async def test_what_was_handed_out_before_is_not_claimed(self, outbox: Outbox) -> None:
        await outbox.record(due(an_effect()))
        (held,) = await handed_out(outbox)
        for n in range(3):
            await outbox.note_bug(a_bug(f"payments/0/{n}"))

        assert await outbox.claim("one", held, READY, CLAIM) is None

    @pytest.mark.parametrize("in_doubt", [False, True])
    async def test_the_third_effect_that_a_bug_would_fail_is_kept(
        self, outbox: Outbox, in_doubt: bool
    ) -> None:
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(4))))
        held = {each.effect.key: each for each in await handed_out(outbox)}
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
        for each in await handed_out(outbox):
            await outbox.settle(each, failed_by_a_bug())
        assert await handed_out(outbox) == []

        await outbox.resume(FLOW)

        clock.forward(1)
        assert [each.effect.key for each in await handed_out(outbox)] == ["k2"]
