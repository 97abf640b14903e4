"""What the outbox takes on, held on SQLite and on PostgreSQL by the same tests."""

import asyncio
from pathlib import Path

import pytest

from ingest.record import Unreadable
from streams.change import Change
from streams.effect import HandoverRefused, State
from streams.outbox import Outbox
from streams.outbox_away import OutboxAway
from streams.outbox_schema import MIGRATIONS, SchemaTooNew
from streams.settings import OutboxSettings
from tests.contracts.outbox_states import CLAIM, KEY, READY, Outboxes, brought_to, outcomes, picked, state_of
from tests.streams.made_effects import NOW, Clock, a_handover, a_mark, an_effect, due


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
        waiting = asyncio.create_task(outbox.wait_for_news(3600))
        await asyncio.sleep(0)
        assert not waiting.done()

        await outbox.record(due(an_effect()))

        await asyncio.wait_for(waiting, 30)


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


class TestGroups:
    async def test_a_group_is_known_once_noted_by_any_worker(self, outboxes: Outboxes) -> None:
        one, two = await outboxes.open(), await outboxes.open()
        assert not await one.knows_group("orderline.worker")

        await one.note_group("orderline.worker")
        await one.note_group("orderline.worker")

        assert await two.knows_group("orderline.worker")


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
        self, outbox_settings: OutboxSettings, tmp_path: Path
    ) -> None:
        blocked = tmp_path / "file"
        blocked.touch()
        away = OutboxSettings(
            data_dir=blocked,
            outbox_url="postgresql://me:secret@127.0.0.1:1/x" if outbox_settings.outbox_url else "",
        )

        with pytest.raises(OutboxAway, match=r"gave no answer.*Check that") as error:
            await Outbox(away).open()
        assert "secret" not in str(error.value)
