"""What the outbox promises, held on SQLite and on PostgreSQL by the same tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from analytics.lifecycle import Consent, Shipment
from ingest.record import Unreadable
from streams.change import Change, Held, Wanted
from streams.effect import HandoverRefused, Outcome, State
from streams.outbox import Errand, Outbox
from streams.outbox_away import OutboxAway
from streams.outbox_schema import MIGRATIONS, SchemaTooNew
from streams.procedure import Ready
from streams.settings import OutboxSettings
from tests.streams.made_effects import FLOW, NOW, SITE, Clock, a_handover, a_mark, an_effect, due

KEY = "notice:payment:1"
CLAIM = timedelta(seconds=20)
READY = Ready(request=None, claim={"conversation_id": "c-1"})


@pytest.fixture
def settings(outbox_settings: OutboxSettings) -> OutboxSettings:
    return outbox_settings


@pytest.fixture
def clock() -> Clock:
    return Clock()


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


@pytest.fixture
async def outboxes(settings: OutboxSettings, clock: Clock) -> AsyncIterator[Outboxes]:
    async with AsyncExitStack() as stack:
        yield Outboxes(settings, clock, stack)


@pytest.fixture
async def outbox(outboxes: Outboxes) -> Outbox:
    return await outboxes.open()


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


class TestRecord:
    async def test_an_effect_is_added_once_however_often_it_is_recorded(self, outbox: Outbox) -> None:
        first = await outbox.record(due(an_effect()))
        again = await outbox.record(due(an_effect()))

        assert (first, again) == (1, 0)
        assert (await outbox.counts())[State.DUE] == 1

    @pytest.mark.parametrize("state", [State.DONE, State.FAILED, State.DOUBTFUL, State.WAITING])
    async def test_recording_again_never_sets_back(self, outbox: Outbox, state: State) -> None:
        await brought_to(outbox, state)

        assert await outbox.record(due(an_effect())) == 0
        assert await state_of(outbox) is state

    async def test_an_effect_comes_back_as_it_was_recorded(self, outbox: Outbox) -> None:
        effect = an_effect(payload={"lines": [{"id": "ä\x00\ud800", "quantity": 2}], "amount": "0.10"})

        await outbox.record(due(effect))

        assert (await picked(outbox))[KEY].effect == effect

    async def test_several_decisions_are_all_recorded_or_none(self, outbox: Outbox) -> None:
        bad = due(an_effect("\x00"))

        with pytest.raises(Unreadable):
            await outbox.record_many([due(an_effect()), bad])

        assert await outbox.show(KEY) is None

    @pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
    async def test_an_id_that_no_database_keeps_is_refused_by_name(self, outbox: Outbox, text: str) -> None:
        """It must become a dead letter, not an error that is tried again for ever."""
        with pytest.raises(Unreadable) as refused:
            await outbox.record(due(an_effect(order=text)))

        assert refused.value.reason == "unstorable_id"

    async def test_what_was_recorded_is_there_after_a_restart(self, outboxes: Outboxes) -> None:
        before = await outboxes.open()
        await before.record(due(an_effect()))
        await before.close()

        assert await state_of(await outboxes.open()) is State.DUE

    async def test_recording_wakes_whoever_waits_for_news(self, outbox: Outbox) -> None:
        await outbox.record(due(an_effect()))

        await outbox.wait_for_news(3600)


class TestMark:
    @pytest.mark.parametrize("state", [State.DUE, State.WAITING, State.FAILED])
    async def test_suppresses_what_was_not_called_for(self, outbox: Outbox, state: State) -> None:
        await brought_to(outbox, state)

        await outbox.record(a_mark())

        assert await state_of(outbox) is State.SUPPRESSED
        assert (await outcomes(outbox))[-1][1:] == (State.SUPPRESSED, "refunded")

    async def test_suppresses_an_effect_that_comes_later(self, outbox: Outbox) -> None:
        await outbox.record(a_mark(reason="anonymized"))

        assert await outbox.record(due(an_effect())) == 1
        assert await outcomes(outbox) == [(1, State.SUPPRESSED, "anonymized")]
        assert await picked(outbox) == {}

    async def test_leaves_what_is_done(self, outbox: Outbox) -> None:
        await brought_to(outbox, State.DONE)

        await outbox.record(a_mark())

        assert await state_of(outbox) is State.DONE

    @pytest.mark.parametrize("state", [State.CLAIMED, State.DOUBTFUL])
    async def test_waits_for_the_answer_where_a_call_may_have_reached_wix(
        self, outbox: Outbox, state: State
    ) -> None:
        """Suppressed would be a lie if the message went out."""
        await brought_to(outbox, state)

        await outbox.record(a_mark())

        assert await state_of(outbox) is state

    async def test_that_comes_during_a_call_without_answer_leaves_the_doubt(self, outbox: Outbox) -> None:
        held = await brought_to(outbox, State.CLAIMED)
        await outbox.record(a_mark())

        await outbox.settle(held, Change(state=State.DOUBTFUL, in_doubt=True))

        assert await state_of(outbox) is State.DOUBTFUL

    async def test_suppresses_once_the_answer_is_that_nothing_happened(self, outbox: Outbox) -> None:
        held = await brought_to(outbox, State.CLAIMED)
        await outbox.record(a_mark())

        await outbox.settle(held, Change(state=State.WAITING, reason="wix_busy"))

        assert await state_of(outbox) is State.SUPPRESSED

    async def test_that_comes_between_reading_and_claiming_stops_the_call(self, outbox: Outbox) -> None:
        held = await brought_to(outbox, State.DUE)
        await outbox.record(a_mark())

        assert await outbox.claim("one", held, READY, CLAIM) is None
        assert await state_of(outbox) is State.SUPPRESSED


class TestHandover:
    async def test_a_key_used_again_with_the_same_body_adds_nothing(self, outbox: Outbox) -> None:
        await outbox.record(a_handover(an_effect()))

        assert await outbox.record(a_handover(an_effect("another"))) == 0
        assert await outbox.unsent() == []

    async def test_a_key_used_again_with_another_body_is_refused(self, outbox: Outbox) -> None:
        await outbox.record(a_handover(an_effect()))

        assert await outbox.record(a_handover(an_effect("another"), body="hash-b")) == 0
        (_, refused) = (await outbox.unsent())[0]
        assert isinstance(refused, HandoverRefused)
        assert (refused.reason, refused.claim.body_hash, refused.at) == ("key_reused", "hash-b", NOW)

    async def test_each_warehouse_has_its_own_keys(self, outbox: Outbox) -> None:
        await outbox.record(a_handover(an_effect()))

        assert await outbox.record(a_handover(an_effect("another"), warehouse="south", body="hash-b")) == 1


class TestOrder:
    @pytest.mark.parametrize("state", [State.DUE, State.CLAIMED, State.DOUBTFUL, State.WAITING])
    async def test_an_unfinished_effect_holds_back_later_ones_of_its_order(
        self, outbox: Outbox, state: State
    ) -> None:
        await brought_to(outbox, state)
        await outbox.record(due(an_effect("later"), an_effect("elsewhere", order="order-2")))

        assert "later" not in await picked(outbox)
        assert "elsewhere" in await picked(outbox)

    @pytest.mark.parametrize("state", [State.DONE, State.FAILED, State.SUPPRESSED])
    async def test_a_finished_effect_does_not(self, outbox: Outbox, state: State) -> None:
        await brought_to(outbox, state)
        await outbox.record(due(an_effect("later")))

        assert list(await picked(outbox)) == ["later"]

    async def test_the_same_order_id_at_another_site_is_another_order(self, outbox: Outbox) -> None:
        await outbox.record(due(an_effect("here"), an_effect("there", site="another")))

        assert set(await picked(outbox)) == {"here", "there"}

    async def test_effects_without_an_order_do_not_wait_for_each_other(self, outbox: Outbox) -> None:
        await outbox.record(due(an_effect("a", order=""), an_effect("b", order="")))

        assert list(await picked(outbox)) == ["a", "b"]

    async def test_an_effect_that_waits_is_handed_out_when_it_is_due(
        self, outbox: Outbox, clock: Clock
    ) -> None:
        await brought_to(outbox, State.WAITING)

        clock.forward(99)
        assert await picked(outbox) == {}
        clock.forward(1)
        assert list(await picked(outbox)) == [KEY]

    async def test_flows_that_a_worker_does_not_know_are_left_alone(self, outbox: Outbox) -> None:
        await outbox.record(due(an_effect(flow="access")))

        assert await picked(outbox) == {}


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

    async def test_the_database_tells_the_time(self, settings: OutboxSettings) -> None:
        """Leases of no length are over at once, those of an hour are not, by the database's own clock."""
        for lease, free in ((timedelta(0), True), (timedelta(hours=1), False)):
            outbox = Outbox(settings.model_copy(update={"site_lease": lease}))
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


class TestGroups:
    async def test_a_group_is_known_once_noted_by_any_worker(self, outboxes: Outboxes) -> None:
        one, two = await outboxes.open(), await outboxes.open()
        assert not await one.knows_group("orderline.worker")

        await one.note_group("orderline.worker")
        await one.note_group("orderline.worker")

        assert await two.knows_group("orderline.worker")


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


class TestOpening:
    async def test_is_the_same_the_second_time(self, outboxes: Outboxes) -> None:
        await (await outboxes.open()).record(due(an_effect()))

        assert await state_of(await outboxes.open()) is State.DUE

    async def test_an_outbox_of_a_newer_build_is_left_alone(
        self, outboxes: Outboxes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("streams.outbox_schema.MIGRATIONS", (*MIGRATIONS, lambda connection: None))
        await outboxes.open()
        monkeypatch.undo()

        with pytest.raises(SchemaTooNew, match="Start the newer build"):
            await outboxes.open()

    async def test_an_outbox_that_is_away_says_where_and_what_to_do(
        self, settings: OutboxSettings, tmp_path: Path
    ) -> None:
        blocked = tmp_path / "file"
        blocked.touch()
        away = OutboxSettings(
            data_dir=blocked,
            outbox_url="postgresql://me:secret@127.0.0.1:1/x" if settings.outbox_url else "",
        )

        with pytest.raises(OutboxAway, match=r"gave no answer.*Check that") as error:
            await Outbox(away).open()
        assert "secret" not in str(error.value)
