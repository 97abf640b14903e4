"""What the outbox tells: outcomes for the ledger, listings and another try for people."""

import pytest

from streams.change import Change, Wanted
from streams.effect import Outcome, State
from streams.outbox import Outbox
from tests.contracts.outbox_states import KEY, Outboxes, brought_to, claimed, outcomes, picked, state_of
from tests.streams.made_effects import NOW, SITE, Clock, an_effect, due


class TestOutcomes:
    async def test_every_change_of_state_is_one_step_and_one_outcome(self, outbox: Outbox) -> None:
        held = await brought_to(outbox, State.CLAIMED)
        await outbox.settle(held, Change(state=State.WAITING, reason="quota"))
        await outbox.settle(await claimed(outbox), Change(state=State.FAILED, reason="refused"))
        await outbox.redrive(Wanted(key=KEY))

        assert await outcomes(outbox) == [
            (1, State.CLAIMED, None),
            (2, State.WAITING, "quota"),
            (3, State.CLAIMED, None),
            (4, State.FAILED, "refused"),
            (5, State.WAITING, "redriven"),
        ]

    async def test_are_offered_until_they_are_marked_as_sent(self, outboxes: Outboxes) -> None:
        outbox = await outboxes.open()
        await brought_to(outbox, State.DONE)
        (first, _), (second, _) = await outbox.unsent()
        await outbox.mark_sent([first])
        await outbox.close()

        assert [number for number, _ in await (await outboxes.open()).unsent()] == [second]

    async def test_an_id_is_never_used_again(self, outbox: Outbox) -> None:
        """A late mark_sent of another process must not hit a new outcome."""
        await brought_to(outbox, State.DONE)
        sent = [number for number, _ in await outbox.unsent()]
        await outbox.mark_sent(sent)
        await outbox.record(due(an_effect("another")))
        await claimed(outbox, "another")

        assert next(number for number, _ in await outbox.unsent()) > max(sent)

    async def test_come_oldest_first_and_no_more_than_asked_for(self, outbox: Outbox) -> None:
        await brought_to(outbox, State.DONE)

        assert [each.state for _, each in await outbox.unsent(1) if isinstance(each, Outcome)] == [
            State.CLAIMED
        ]


class TestRedrive:
    async def test_a_failed_effect_is_due_again_with_all_its_attempts(self, outbox: Outbox) -> None:
        held = await brought_to(outbox, State.CLAIMED)
        await outbox.settle(held, Change(state=State.FAILED, reason="refused", attempt=True, bug=True))

        assert [each.held.effect.key for each in await outbox.redrive(Wanted(reason="refused"))] == [KEY]
        again = (await picked(outbox))[KEY]
        assert (again.state, again.attempts, again.bugs) == (State.WAITING, 0, 0)

    async def test_a_call_in_doubt_is_still_asked_after_first(self, outbox: Outbox, clock: Clock) -> None:
        held = await brought_to(outbox, State.CLAIMED)
        failed = Change(state=State.FAILED, reason="out_of_attempts", in_doubt=True)
        await outbox.settle(held, failed)
        clock.forward(60)

        await outbox.redrive(Wanted(key=KEY))

        again = (await picked(outbox))[KEY]
        assert (again.state, again.called_at) == (State.DOUBTFUL, NOW)

    async def test_a_dry_run_changes_nothing(self, outbox: Outbox) -> None:
        await brought_to(outbox, State.FAILED)

        assert len(await outbox.redrive(Wanted(), dry_run=True)) == 1
        assert await state_of(outbox) is State.FAILED

    @pytest.mark.parametrize("state", [State.DUE, State.CLAIMED, State.DOUBTFUL, State.WAITING])
    async def test_only_failed_effects_are_touched(self, outbox: Outbox, state: State) -> None:
        await brought_to(outbox, state)

        assert await outbox.redrive(Wanted()) == []
        assert await state_of(outbox) is state


class TestListing:
    async def test_shows_the_newest_first_and_only_what_fits(self, outbox: Outbox) -> None:
        await outbox.record(
            due(an_effect("a"), an_effect("b", order="order-2"), an_effect("c", site="another"))
        )

        async def keys(wanted: Wanted, limit: int = 9) -> list[str]:
            return [each.held.effect.key for each in await outbox.listing(wanted, limit)]

        assert await keys(Wanted()) == ["c", "b", "a"]
        assert await keys(Wanted(), 2) == ["c", "b"]
        assert await keys(Wanted(instance_id=SITE)) == ["b", "a"]
        assert await keys(Wanted(order_id="order-2")) == ["b"]
        assert await keys(Wanted(state=State.FAILED)) == []

    async def test_counts_name_every_state(self, outbox: Outbox) -> None:
        await brought_to(outbox, State.DONE)

        counts = await outbox.counts()

        assert set(counts) == set(State)
        assert (counts[State.DONE], sum(counts.values())) == (1, 1)
