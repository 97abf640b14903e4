"""What the runner makes of the one changing call: done, refused, or asked after."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analytics.lifecycle import Shipment
from streams.change import Wanted
from streams.effect import Effect, State
from streams.outbox import Outbox
from streams.procedure import Done, Fail, Suppress
from streams.quota import QuotaWait
from streams.setback import Backoff
from streams.wix.errors import (
    AppRemoved,
    NotFound,
    WixBusy,
    WixRefused,
    WixUnreachable,
)
from tests.streams.scripted import (
    CLAIMED,
    DONE,
    DOUBTFUL,
    KEY,
    WAITING,
    Scripted,
    carried,
    is_in,
    opened,
    running,
    states,
    until_settled,
)


class TestTheCall:
    @pytest.mark.parametrize("error", [WixBusy(), QuotaWait(datetime(2026, 1, 1, tzinfo=UTC))])
    async def test_that_was_clearly_not_carried_out_is_made_again(
        self, outbox: Outbox, error: Exception
    ) -> None:
        procedure = Scripted(act_=[error, Done(wix_id="m-1")])

        outcomes = await carried(outbox, procedure)

        assert states(outcomes) == [CLAIMED, WAITING, CLAIMED, DONE]
        assert "read_back" not in procedure.steps

    async def test_that_wix_refused_fails_without_doubt(self, outbox: Outbox) -> None:
        outcomes = await carried(outbox, Scripted(act_=[WixRefused(400, "INVALID")]))

        shown = await outbox.show(KEY)
        assert states(outcomes) == [CLAIMED, State.FAILED]
        assert shown is not None
        assert shown.held.called_at is None

    @pytest.mark.parametrize(
        "error",
        [WixUnreachable("time-out"), WixUnreachable("bad gateway", status=502), KeyError("messageId")],
    )
    async def test_without_a_clear_answer_is_asked_after_not_repeated(
        self, outbox: Outbox, error: Exception
    ) -> None:
        """A bug after the socket is as much a doubt as a time-out."""
        procedure = Scripted(act_=[error], read_back_=[Done(wix_id="m-7")])

        outcomes = await carried(outbox, procedure)

        assert procedure.steps == ["prepare", "act", "read_back"]
        assert states(outcomes) == [CLAIMED, DOUBTFUL, DONE]
        assert outcomes[-1].wix_id == "m-7"

    async def test_that_took_no_effect_is_decided_again_and_made_again(self, outbox: Outbox) -> None:
        procedure = Scripted(act_=[WixUnreachable("reset"), Done(wix_id="m-2")], read_back_=[None])

        outcomes = await carried(outbox, procedure)

        assert procedure.steps == ["prepare", "act", "read_back", "prepare", "act"]
        assert states(outcomes) == [CLAIMED, DOUBTFUL, CLAIMED, DONE]

    async def test_is_asked_after_with_what_was_stored_before_it(self, outbox: Outbox) -> None:
        procedure = Scripted(act_=[WixUnreachable("reset")], read_back_=[Done(wix_id="m-7")])

        outcomes = await carried(outbox, procedure)

        (claim,) = procedure.claims
        assert claim.facts == {"conversation_id": "c-1"}
        assert claim.called_at == outcomes[0].at

    async def test_is_asked_after_no_sooner_than_the_setting_says(self, tmp_path: Path) -> None:
        async with opened(tmp_path, read_back_after=60) as outbox:
            procedure = Scripted(act_=[WixUnreachable("reset")])

            outcomes = await carried(outbox, procedure, DOUBTFUL)

        assert outcomes[1].next_at == outcomes[0].at + timedelta(seconds=60)
        assert procedure.steps == ["prepare", "act"]

    @pytest.mark.parametrize(
        "error", [WixBusy(), WixUnreachable("time-out"), WixRefused(403, "X"), KeyError("messages")]
    )
    async def test_is_never_repeated_while_the_question_itself_fails(
        self, outbox: Outbox, error: Exception
    ) -> None:
        procedure = Scripted(act_=[WixUnreachable("reset")], read_back_=[error, error, Done(wix_id="m-7")])

        outcomes = await carried(outbox, procedure, backoff=Backoff(delays_seconds=(0.0,), max_bugs=9))

        assert procedure.steps == ["prepare", "act", "read_back", "read_back", "read_back"]
        assert states(outcomes) == [CLAIMED, DOUBTFUL, DOUBTFUL, DOUBTFUL, DONE]

    async def test_that_nobody_could_ask_after_fails_and_a_redrive_asks_first(self, outbox: Outbox) -> None:
        procedure = Scripted(
            act_=[WixUnreachable("reset")],
            read_back_=[*[WixUnreachable("time-out")] * 11, Done(wix_id="m-7")],
        )

        outcomes = await carried(outbox, procedure)
        assert (outcomes[-1].state, outcomes[-1].reason) == (State.FAILED, "out_of_attempts")
        await outbox.redrive(Wanted(key=KEY))
        async with running(outbox, procedure):
            await until_settled(outbox)

        assert await is_in(outbox, KEY, DONE)
        assert procedure.calls == [KEY]

    async def test_in_doubt_when_the_app_was_removed_is_said_to_be_unknown(self, outbox: Outbox) -> None:
        procedure = Scripted(act_=[WixUnreachable("reset")], read_back_=[AppRemoved(400)])

        outcomes = await carried(outbox, procedure)

        assert (outcomes[-1].state, outcomes[-1].reason) == (State.FAILED, "unknown_outcome")

    @pytest.mark.parametrize(
        ("found", "state", "reason"),
        [
            (Suppress(reason="already_fulfilled"), State.SUPPRESSED, "already_fulfilled"),
            (
                Fail(reason="tracking_number_in_use", next_step="Look."),
                State.FAILED,
                "tracking_number_in_use",
            ),
        ],
    )
    async def test_in_doubt_ends_as_the_read_back_decides(
        self, outbox: Outbox, found: Suppress | Fail, state: State, reason: str
    ) -> None:
        outcomes = await carried(outbox, Scripted(act_=[WixUnreachable("reset")], read_back_=[found]))

        assert (outcomes[-1].state, outcomes[-1].reason) == (state, reason)

    async def test_that_outlasts_its_claim_is_cut_and_in_doubt(self, outbox: Outbox) -> None:
        async def hang(effect: Effect) -> Done:
            await asyncio.Event().wait()
            raise AssertionError

        procedure = Scripted(act_=[hang], read_back_=[Done(wix_id="m-7")])

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("streams.carry.MARGIN_SECONDS", 1.0)
            patch.setattr("streams.carry.RESERVE_SECONDS", 0.0)
            outcomes = await carried(outbox, procedure, call_seconds=0.1)

        assert states(outcomes) == [CLAIMED, DOUBTFUL, DONE]

    async def test_is_not_made_with_too_little_time_left_on_the_claim(self, outbox: Outbox) -> None:
        """A claim that was slow to write is worth nothing; no call was made, so nothing is in doubt."""
        procedure = Scripted()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("streams.carry.MARGIN_SECONDS", 0.0)
            outcomes = await carried(outbox, procedure, WAITING)

        assert procedure.calls == []
        assert [(each.state, each.reason) for each in outcomes] == [
            (CLAIMED, None),
            (WAITING, "claim_too_late"),
        ]


class TestConfirming:
    async def test_that_fails_after_a_clear_success_is_asked_again_and_never_called_again(
        self, outbox: Outbox
    ) -> None:
        shown = Done(wix_id="f-1", shipments=(Shipment(id="f-1"),))
        procedure = Scripted(
            act_=[Done(wix_id="f-1")], confirm_=[WixUnreachable("time-out"), NotFound(404), shown]
        )

        outcomes = await carried(outbox, procedure)

        assert procedure.calls == [KEY]
        assert states(outcomes) == [CLAIMED, DOUBTFUL, DOUBTFUL, DONE]
        assert outcomes[1].wix_id == "f-1"
        assert outcomes[-1].shipments == shown.shipments

    @pytest.mark.parametrize("error", [WixUnreachable("time-out"), KeyError("fulfillments")])
    async def test_that_never_succeeds_is_done_and_says_so(self, outbox: Outbox, error: Exception) -> None:
        """Wix has accepted; to call it failed would be false."""
        procedure = Scripted(act_=[Done(wix_id="f-1")], confirm_=[error])

        outcomes = await carried(outbox, procedure)

        last = outcomes[-1]
        assert (last.state, last.reason, last.wix_id) == (DONE, "unconfirmed", "f-1")
        assert procedure.calls == [KEY]

    async def test_follows_a_read_back_too(self, outbox: Outbox) -> None:
        shown = Done(wix_id="f-1", shipments=(Shipment(id="f-1"),))
        procedure = Scripted(
            act_=[WixUnreachable("reset")], read_back_=[Done(wix_id="f-1")], confirm_=[shown]
        )

        assert (await carried(outbox, procedure))[-1].shipments == shown.shipments
