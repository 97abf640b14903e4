"""What the runner makes of reads that fail: wait, suppress, fail, each with its reason."""

from datetime import UTC, datetime, timedelta

import pytest

from streams.effect import State
from streams.outbox import Outbox
from streams.procedure import Ready
from streams.quota import QuotaWait
from streams.setback import DELAYS_SECONDS, Backoff
from streams.wix.errors import (
    AppRemoved,
    NotFound,
    Unauthorized,
    WixBusy,
    WixRefused,
    WixUnreachable,
)
from tests.streams.made_effects import FLOW, an_effect, due
from tests.streams.scripted import (
    CLAIMED,
    DONE,
    KEY,
    WAITING,
    Scripted,
    carried,
    is_in,
    running,
    states,
    until,
)


class TestReadsThatFail:
    @pytest.mark.parametrize(
        ("error", "reason"),
        [(WixBusy(status=429), "wix_busy"), (WixUnreachable("time-out"), "no_clear_answer")],
    )
    async def test_are_repeated_later(self, outbox: Outbox, error: Exception, reason: str) -> None:
        procedure = Scripted(prepare_=[error, Ready(request="hello")])

        outcomes = await carried(outbox, procedure)

        assert states(outcomes) == [WAITING, CLAIMED, DONE]
        assert (outcomes[0].reason, outcomes[0].attempts) == (reason, 1)
        assert outcomes[0].next_at is not None
        assert procedure.steps == ["prepare", "prepare", "act"]

    async def test_wait_as_long_as_the_plan_says(self, outbox: Outbox) -> None:
        """10 s first, give or take a tenth."""
        procedure = Scripted(prepare_=[WixUnreachable("time-out")])

        (only,) = await carried(outbox, procedure, WAITING, backoff=Backoff())

        assert only.next_at is not None
        assert 9 <= (only.next_at - only.at).total_seconds() <= 11

    async def test_wait_as_long_as_wix_asks(self, outbox: Outbox) -> None:
        procedure = Scripted(prepare_=[WixBusy(500.0)])

        (only,) = await carried(outbox, procedure, WAITING)

        assert only.next_at is not None
        assert (only.next_at - only.at).total_seconds() == 500

    async def test_end_after_twelve_attempts(self, outbox: Outbox) -> None:
        procedure = Scripted(prepare_=[WixUnreachable("time-out", status=503, request_id="r-9")])

        outcomes = await carried(outbox, procedure)

        last = outcomes[-1]
        assert procedure.steps == ["prepare"] * 12
        assert (last.state, last.reason, last.attempts) == (State.FAILED, "out_of_attempts", 12)
        assert (last.last_status, last.request_id) == (503, "r-9")
        assert "redrive" in (last.next_step or "")

    async def test_for_lack_of_quota_cost_no_attempt(self, outbox: Outbox) -> None:
        waits = [QuotaWait(datetime.now(UTC)) for _ in range(15)]
        procedure = Scripted(prepare_=[*waits, Ready(request="hello")])

        outcomes = await carried(outbox, procedure)

        assert [each.step for each in outcomes] == list(range(1, 18))
        assert [each.reason for each in outcomes[:15]] == ["quota"] * 15
        assert (outcomes[-1].state, outcomes[-1].attempts) == (DONE, 0)

    async def test_for_lack_of_quota_are_due_when_the_slot_falls(self, outbox: Outbox) -> None:
        slot = datetime.now(UTC) + timedelta(seconds=40)
        procedure = Scripted(prepare_=[QuotaWait(slot)])

        (only,) = await carried(outbox, procedure, WAITING)

        assert only.next_at is not None
        assert abs((only.next_at - slot).total_seconds()) < 1

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (WixRefused(400, "INVALID", "no", "r-9"), "refused"),
            (WixRefused(403, "INVALID", "no", "r-9"), "forbidden"),
            (NotFound(404, "INVALID", "no", "r-9"), "not_found"),
        ],
    )
    async def test_by_refusal_fail_with_wixs_answer(
        self, outbox: Outbox, error: WixRefused, reason: str
    ) -> None:
        (only,) = await carried(outbox, Scripted(prepare_=[error]))

        assert (only.state, only.reason) == (State.FAILED, reason)
        assert (only.last_status, only.last_code, only.request_id) == (error.status, "INVALID", "r-9")
        assert only.fingerprint
        assert "redrive" in (only.next_step or "")

    async def test_for_want_of_credentials_wait_and_go_on_when_they_are_accepted_again(
        self, outbox: Outbox
    ) -> None:
        """A revoked secret is no fault of the effects: nobody should have to redrive them all."""
        refused, fine = Unauthorized(401, "INVALID", "no", "r-9"), Ready(request="hello")

        outcomes = await carried(outbox, Scripted(prepare_=[refused, refused, fine]))

        assert states(outcomes) == [WAITING, WAITING, State.CLAIMED, DONE]
        assert {one.reason for one in outcomes[:2]} == {"unauthorized"}

    async def test_for_want_of_credentials_fail_in_the_end_with_what_to_mend(self, outbox: Outbox) -> None:
        last = (await carried(outbox, Scripted(prepare_=[Unauthorized(401, "INVALID", "no", "r-9")])))[-1]

        assert (last.state, last.reason, last.attempts) == (State.FAILED, "unauthorized", 12)
        assert "WIX_APP_SECRET" in str(last.next_step)

    async def test_because_the_app_was_removed_suppress(self, outbox: Outbox) -> None:
        (only,) = await carried(outbox, Scripted(prepare_=[AppRemoved(400)]))

        assert (only.state, only.reason) == (State.SUPPRESSED, "app_removed")

    async def test_of_one_site_rest_that_site_alone(self, outbox: Outbox) -> None:
        """One busy site's other effects are not tried meanwhile; other sites' are."""
        busy = Scripted(prepare_=[WixBusy(3600.0, status=429)])
        fine = Scripted()
        effects = [an_effect("b1"), an_effect("b2", order="2"), an_effect("f", flow="access", site="other")]
        await outbox.record(due(*effects))

        async with running(outbox, {FLOW: busy, "access": fine}):
            await until(lambda: is_in(outbox, "f", DONE))
            await until(lambda: is_in(outbox, "b1", WAITING))

        assert busy.asked == [("prepare", "b1")]
        assert await is_in(outbox, "b2", State.DUE)

    async def test_that_concern_one_order_hold_up_no_other_of_the_site(self, outbox: Outbox) -> None:
        """A procedure waits with an order that Wix doesn't show in its newest state yet."""
        await outbox.record(due(an_effect(), an_effect("other", order="2")))

        procedure = Scripted(prepare_=[WixBusy(60.0, description="a draft"), Ready(request=None)])
        async with running(outbox, procedure):
            await until(lambda: is_in(outbox, "other", DONE))

        assert await is_in(outbox, KEY, WAITING)

    async def test_with_a_reason_of_the_procedure_fail_with_that(self, outbox: Outbox) -> None:
        refused = WixRefused(400, "X").because("tracking_number_in_use", "Ask the warehouse.")

        (only,) = await carried(outbox, Scripted(prepare_=[refused]))

        assert (only.reason, only.next_step) == ("tracking_number_in_use", "Ask the warehouse.")

    @pytest.mark.parametrize("asked", [float("inf"), 1e12, -5.0])
    async def test_with_an_absurd_wait_are_repeated_within_hours(self, outbox: Outbox, asked: float) -> None:
        (only,) = await carried(outbox, Scripted(prepare_=[WixBusy(asked)]), WAITING, backoff=Backoff())

        assert only.next_at is not None
        assert 9 <= (only.next_at - only.at).total_seconds() <= 4 * 3600


class TestBackoff:
    def test_grows_from_ten_seconds_to_four_hours(self) -> None:
        plan = Backoff(spread=lambda: 0.5)

        assert [plan.seconds(n) for n in range(1, 8)] == [10, 60, 600, 3600, 14400, 14400, 14400]
        assert DELAYS_SECONDS == (10, 60, 600, 3600, 14400)

    def test_spreads_by_a_tenth(self) -> None:
        assert Backoff(spread=lambda: 0.0).seconds(1) == pytest.approx(9)
        assert Backoff(spread=lambda: 1.0).seconds(1) == pytest.approx(11)
