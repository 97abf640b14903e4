"""Leases, claims and settlements: one worker at a time, one step at a time."""

import asyncio
from datetime import timedelta

import pytest

from analytics.lifecycle import Consent, Shipment
from streams.change import Change, Wanted
from streams.effect import Outcome, State
from streams.outbox import Errand, Outbox
from streams.procedure import Ready
from streams.settings import OutboxSettings
from tests.contracts.outbox_states import (
    CLAIM,
    KEY,
    READY,
    Outboxes,
    brought_to,
    picked,
    state_of,
)
from tests.streams.made_effects import FLOW, NOW, SITE, Clock, an_effect, due


class TestLease:
    async def test_a_site_has_one_worker_at_a_time(self, outboxes: Outboxes) -> None:
        one, two = await outboxes.open(), await outboxes.open()
        await one.record(due(an_effect(), an_effect("elsewhere", site="another")))

        first = await one.pick(Errand(owner="one", flows=(FLOW,), sites=1))
        second = await two.pick(Errand(owner="two", flows=(FLOW,), sites=9))

        assert [len(first), len(second)] == [1, 1]
        assert {one.site for one in first + second} == {SITE, "another"}

    async def test_a_worker_that_stopped_renewing_loses_its_sites(self, outbox: Outbox, clock: Clock) -> None:
        await outbox.record(due(an_effect()))
        await picked(outbox, "one")

        clock.forward(59)
        assert await picked(outbox, "two") == {}
        clock.forward(1)
        assert list(await picked(outbox, "two")) == [KEY]

    async def test_a_renewed_lease_lasts_longer(self, outbox: Outbox, clock: Clock) -> None:
        await outbox.record(due(an_effect()))
        await picked(outbox, "one")

        clock.forward(50)
        assert await outbox.renew("one", [SITE]) == {SITE}
        clock.forward(50)
        assert await picked(outbox, "two") == {}

    async def test_renewing_tells_which_sites_another_has(self, outbox: Outbox, clock: Clock) -> None:
        await outbox.record(due(an_effect()))
        await picked(outbox, "one")
        clock.forward(60)
        await picked(outbox, "two")

        assert await outbox.renew("one", [SITE]) == set()

    async def test_a_released_site_is_free_at_once(self, outbox: Outbox) -> None:
        await outbox.record(due(an_effect()))
        await picked(outbox, "one")

        await outbox.release("one", [SITE])

        assert list(await picked(outbox, "two")) == [KEY]

    async def test_only_the_holder_can_release(self, outbox: Outbox) -> None:
        await outbox.record(due(an_effect()))
        await picked(outbox, "one")

        await outbox.release("two", [SITE])

        assert await picked(outbox, "two") == {}

    async def test_without_the_lease_there_is_no_claim(self, outbox: Outbox, clock: Clock) -> None:
        held = await brought_to(outbox, State.DUE)

        clock.forward(60)

        assert await outbox.claim("one", held, READY, CLAIM) is None
        assert await state_of(outbox) is State.DUE

    async def test_the_database_tells_the_time(self, outbox_settings: OutboxSettings) -> None:
        """Leases of no length are over at once, those of an hour are not, by the database's own clock."""
        for lease, free in ((timedelta(0), True), (timedelta(hours=1), False)):
            outbox = Outbox(outbox_settings.model_copy(update={"site_lease": lease}))
            await outbox.open()
            try:
                await outbox.record(due(an_effect(str(lease), site=str(lease))))
                await picked(outbox, "one")
                assert (str(lease) in await picked(outbox, "two")) is free
            finally:
                await outbox.close()


class TestClaim:
    async def test_keeps_what_the_read_back_needs(self, outbox: Outbox, clock: Clock) -> None:
        await brought_to(outbox, State.CLAIMED)
        clock.forward(60)

        held = (await picked(outbox))[KEY]

        assert (held.state, held.called_at) == (State.DOUBTFUL, NOW)
        assert held.claim_facts == {"conversation_id": "c-1"}

    async def test_holds_until_it_ends_and_is_then_in_doubt(self, outbox: Outbox, clock: Clock) -> None:
        await brought_to(outbox, State.CLAIMED)

        clock.forward(20)
        assert await picked(outbox) == {}
        assert await state_of(outbox) is State.CLAIMED
        clock.forward(1)
        assert await picked(outbox) == {}, "Wix is asked no sooner than 60 s after the call"
        assert await state_of(outbox) is State.DOUBTFUL
        clock.forward(39)
        assert list(await picked(outbox)) == [KEY]

    async def test_an_end_while_the_holder_still_works_is_no_doubt(
        self, outbox: Outbox, clock: Clock
    ) -> None:
        """Its confirmation may take longer than the call."""
        held = await brought_to(outbox, State.CLAIMED)
        clock.forward(30)

        await picked(outbox, in_hand=(SITE,))

        assert await outbox.settle(held, Change(state=State.DONE, wix_id="m-1"))

    async def test_is_taken_once_for_each_step(self, outbox: Outbox) -> None:
        held = await brought_to(outbox, State.DUE)

        first = await outbox.claim("one", held, READY, CLAIM)
        second = await outbox.claim("one", held, READY, CLAIM)

        assert first is not None
        assert second is None


class TestSettle:
    async def test_records_what_came_of_it(self, outbox: Outbox) -> None:
        held = await brought_to(outbox, State.CLAIMED)
        shipment = Shipment(id="f-1", tracking_number="T1")

        await outbox.settle(held, Change(state=State.DONE, wix_id="f-1", shipments=(shipment,)))

        _, last = (await outbox.unsent())[-1]
        assert isinstance(last, Outcome)
        assert (last.step, last.state, last.wix_id) == (2, State.DONE, "f-1")
        assert last.shipments == (shipment,)
        assert last.ref == an_effect().ref

    async def test_is_refused_once_the_effect_has_moved_on(self, outbox: Outbox, clock: Clock) -> None:
        """A worker that was frozen must not overwrite what another found out since."""
        stale = await brought_to(outbox, State.CLAIMED)
        clock.forward(60)
        fresh = (await picked(outbox))[KEY]

        assert not await outbox.settle(stale, Change(state=State.WAITING))
        assert await outbox.settle(fresh, Change(state=State.DONE, wix_id="m-1"))

    @pytest.mark.parametrize("final", [State.DONE, State.SUPPRESSED])
    async def test_nothing_follows_a_final_state(self, outbox: Outbox, final: State) -> None:
        await brought_to(outbox, final)
        shown = await outbox.show(KEY)
        assert shown is not None

        assert not await outbox.settle(shown.held, Change(state=State.WAITING))
        assert await outbox.redrive(Wanted(key=KEY)) == []

    async def test_a_doubtful_effect_is_asked_after_no_sooner_than_60_s_after_the_call(
        self, outbox: Outbox, clock: Clock
    ) -> None:
        held = await brought_to(outbox, State.CLAIMED)
        await outbox.settle(held, Change(state=State.DOUBTFUL, in_doubt=True, again_in=1.0))

        clock.forward(59)
        assert await picked(outbox) == {}
        clock.forward(1)
        assert list(await picked(outbox)) == [KEY]

    async def test_the_end_of_a_doubt_forgets_the_call(self, outbox: Outbox) -> None:
        held = await brought_to(outbox, State.CLAIMED)

        await outbox.settle(held, Change(state=State.WAITING, reason="wix_busy"))

        assert (await picked(outbox))[KEY].called_at is None

    async def test_the_delay_is_split_into_waiting_and_our_calls(self, outbox: Outbox, clock: Clock) -> None:
        held = await brought_to(outbox, State.CLAIMED)
        clock.forward(12)

        await outbox.settle(held, Change(state=State.DONE, wix_id="m-1", spent=2.5))

        _, last = (await outbox.unsent())[-1]
        assert isinstance(last, Outcome)
        assert (last.waiting_seconds, last.calls_seconds) == (9.5, 2.5)

    async def test_the_proof_of_consent_stays_with_the_effect(self, outbox: Outbox) -> None:
        consent = Consent(subscription_status="SUBSCRIBED", deliverability_status="VALID", asked_at=NOW)
        held = await brought_to(outbox, State.DUE)
        claim = await outbox.claim("one", held, Ready(request=None, consent=consent), CLAIM)
        assert claim is not None

        await outbox.settle(claim, Change(state=State.DONE, wix_id="m-1"))

        sent = [each for _, each in await outbox.unsent() if isinstance(each, Outcome)]
        assert [each.consent for each in sent] == [consent, consent]


class TestSeveralWorkers:
    async def test_the_same_effect_recorded_at_once_is_added_once(self, outboxes: Outboxes) -> None:
        workers = [await outboxes.open() for _ in range(4)]
        decisions = [
            due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(start, start + 20))) for start in (0, 10)
        ]

        added = await asyncio.gather(*(each.record(one) for each in workers for one in decisions * 3))

        assert sum(added) == 30
        assert (await workers[0].counts())[State.DUE] == 30

    async def test_of_two_that_pick_at_once_only_one_gets_the_site(self, outboxes: Outboxes) -> None:
        workers = [await outboxes.open() for _ in range(4)]
        await workers[0].record(
            due(*(an_effect(f"k{n}", site=f"s{n % 5}", order=f"o{n}") for n in range(40)))
        )

        handed = await asyncio.gather(*(picked(each, str(n)) for n, each in enumerate(workers)))

        assert sorted(key for some in handed for key in some) == sorted(f"k{n}" for n in range(40))
