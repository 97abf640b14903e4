"""Whose turn it is: failing sites, full sites, live before redriven; and what old work leaves behind."""

from datetime import timedelta

from streams.change import Change, Wanted
from streams.effect import State
from streams.outbox import Errand, Outbox
from streams.outbox_ready import WINDOW
from tests.contracts.outbox_states import CLAIM, READY, a_bug, handed_out
from tests.streams.made_effects import FLOW, SITE, Clock, an_effect, due

BUSY = Change(state=State.WAITING, reason="wix_busy", again_in=10.0, attempt=True, site_failed=True)


DONE = Change(state=State.DONE, wix_id="m-1", site_failed=False)


async def worked(outbox: Outbox, to: Change) -> str:
    """The next effect is taken up and ends so; its key."""
    held = (await handed_out(outbox))[0]
    assert await outbox.settle(held, to)
    return held.effect.key


class TestASiteThatFails:
    async def test_three_times_running_gets_one_try_at_a_time(self, outbox: Outbox, clock: Clock) -> None:
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(8))))
        for _ in range(2):
            await worked(outbox, BUSY)
        assert len(await handed_out(outbox)) > 1

        await worked(outbox, BUSY)

        assert await handed_out(outbox) == []
        clock.forward(10)
        assert len(await handed_out(outbox)) == 1
        (circuit,) = await outbox.open_circuits()
        assert (circuit.instance_id, circuit.failures) == (SITE, 3)

    async def test_one_success_ends_it(self, outbox: Outbox, clock: Clock) -> None:
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(8))))
        for _ in range(3):
            await worked(outbox, BUSY)
        clock.forward(10)

        await worked(outbox, DONE)

        assert await outbox.open_circuits() == []
        assert len(await handed_out(outbox)) > 1

    async def test_is_tried_again_within_a_minute_however_long_its_effects_wait(
        self, outbox: Outbox, clock: Clock
    ) -> None:
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(8))))
        hours = Change(state=State.WAITING, reason="wix_busy", again_in=14400.0, site_failed=True)
        for _ in range(3):
            await worked(outbox, hours)

        clock.forward(60)

        assert len(await handed_out(outbox)) == 1

    async def test_holds_up_no_other(self, outbox: Outbox) -> None:
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(4))))
        for _ in range(3):
            await worked(outbox, BUSY)
        await outbox.record(due(*(an_effect(f"x{n}", site="another", order=f"x{n}") for n in range(3))))

        assert [held.effect.key for held in await handed_out(outbox)] == ["x0", "x1", "x2"]

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

        assert [held.effect.key for held in await handed_out(outbox)] == [f"k{n}" for n in range(16)]

    async def test_is_not_looked_at_while_it_rests_or_its_flow_is_paused(
        self, outbox: Outbox, clock: Clock
    ) -> None:
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(WINDOW + 50))))
        await outbox.record(due(an_effect("x", flow="fulfillment", site="another", order="x")))
        for _ in range(3):
            await worked(outbox, BUSY)

        assert [held.effect.key for held in await handed_out(outbox, FLOW, "fulfillment")] == ["x"]
        clock.forward(10)
        for n in range(3):
            await outbox.note_bug(a_bug(f"payments/0/{n}"))
        assert [held.effect.key for held in await handed_out(outbox, FLOW, "fulfillment")] == ["x"]


class TestLiveBeforeRedriven:
    async def test_what_happens_now_goes_before_what_people_gave_another_try(
        self, outbox: Outbox, clock: Clock
    ) -> None:
        await outbox.record(due(*(an_effect(f"old{n}", order=f"o{n}") for n in range(20))))
        while handed := await handed_out(outbox):
            for held in handed:
                await outbox.settle(held, Change(state=State.FAILED, reason="refused"))
        assert len(await outbox.redrive(Wanted(reason="refused"))) == 20
        clock.forward(1)
        await outbox.record(due(an_effect("live", order="live")))

        assert [held.effect.key for held in await handed_out(outbox)][:2] == ["live", "old0"]


class TestPruning:
    async def test_empties_old_final_effects_and_keeps_what_people_ask_for(
        self, outbox: Outbox, clock: Clock
    ) -> None:
        await outbox.record(due(an_effect()))
        (held,) = await handed_out(outbox)
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
        failed = next(held for held in await handed_out(outbox) if held.effect.key == "failed")
        await outbox.settle(failed, Change(state=State.FAILED, reason="refused"))
        clock.forward(timedelta(days=400).total_seconds())

        assert await outbox.prune() == 0

    async def test_goes_in_small_steps(self, outbox: Outbox, clock: Clock) -> None:
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(5))))
        for held in await handed_out(outbox):
            await outbox.settle(held, DONE)
        clock.forward(timedelta(days=8).total_seconds())

        assert [await outbox.prune(2) for _ in range(4)] == [2, 2, 1, 0]
