"""The runner: every way an effect can go, from due to done, and what a crash leaves behind."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.lifecycle import Consent, Shipment
from streams.change import Wanted
from streams.effect import Effect, Outcome, State
from streams.outbox import Errand, Outbox
from streams.procedure import Claim, Done, Fail, Procedure, Ready, Suppress
from streams.quota import QuotaWait
from streams.runner import Runner
from streams.setback import DELAYS_SECONDS, Backoff
from streams.settings import OutboxSettings
from streams.wix.errors import (
    AppRemoved,
    NotFound,
    Unauthorized,
    WixBusy,
    WixRefused,
    WixUnreachable,
)
from tests.streams.made_effects import FLOW, NOW, a_mark, an_effect, due

KEY = "notice:payment:1"
AT_ONCE = Backoff(delays_seconds=(0.0,))
CONSENT = Consent(subscription_status="SUBSCRIBED", deliverability_status="VALID", asked_at=NOW)

# What a step does, in turn; the last one repeats. An exception is raised, a callable is awaited.
Script = list[Any]


@dataclass
class Scripted:
    """A procedure whose answers a test writes down, and which remembers what it was asked."""

    prepare_: Script = field(
        default_factory=lambda: [Ready(request="hello", claim={"conversation_id": "c-1"})]
    )
    act_: Script = field(default_factory=lambda: [Done(wix_id="m-1", request_id="r-1")])
    read_back_: Script = field(default_factory=lambda: [None])
    confirm_: Script = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)

    async def prepare(self, effect: Effect, *, now: datetime) -> Ready | Suppress | Fail:
        answer: Ready | Suppress | Fail = await self._next("prepare", self.prepare_, effect)
        return answer

    async def act(self, effect: Effect, ready: Ready) -> Done:
        answer: Done = await self._next("act", self.act_, effect)
        return answer

    async def read_back(self, effect: Effect, claim: Claim) -> Done | Suppress | Fail | None:
        self.claims.append(claim)
        answer: Done | Suppress | Fail | None = await self._next("read_back", self.read_back_, effect)
        return answer

    async def confirm(self, effect: Effect, done: Done) -> Done:
        answer: Done = await self._next("confirm", self.confirm_ or [done], effect)
        return answer

    async def _next(self, step: str, script: Script, effect: Effect) -> Any:
        self.asked.append((step, effect.key))
        answer = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(answer, Exception):
            raise answer
        return await answer(effect) if callable(answer) else answer

    @property
    def steps(self) -> list[str]:
        return [step for step, _ in self.asked if step != "confirm"]

    @property
    def calls(self) -> list[str]:
        return [key for step, key in self.asked if step == "act"]


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[Outbox]:
    async with opened(tmp_path) as outbox:
        yield outbox


@asynccontextmanager
async def opened(folder: Path, *, read_back_after: float = 0.0, lease: float = 60.0) -> AsyncIterator[Outbox]:
    settings = OutboxSettings(
        data_dir=folder,
        outbox_url="",
        read_back_after=timedelta(seconds=read_back_after),
        site_lease=timedelta(seconds=lease),
    )
    outbox = Outbox(settings)
    await outbox.open()
    try:
        yield outbox
    finally:
        await outbox.close()


@asynccontextmanager
async def running(
    outbox: Outbox, procedures: Procedure | Mapping[str, Procedure], **more: Any
) -> AsyncIterator[None]:
    by_flow = procedures if isinstance(procedures, Mapping) else {FLOW: procedures}
    options: dict[str, Any] = {"backoff": AT_ONCE, "poll_seconds": 0.02} | more
    stop = asyncio.Event()
    task = asyncio.create_task(Runner(outbox, by_flow, **options).run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        # What other tasks, threads and processes do to the outbox has no event to wait for.
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def until_settled(outbox: Outbox, *states: State) -> None:
    """Every effect stands in one of these states (default: nothing more to do)."""
    settled = states or (State.DONE, State.SUPPRESSED, State.FAILED)

    async def holds() -> bool:
        counts = await outbox.counts()
        return not any(count for state, count in counts.items() if state not in settled)

    await until(holds)


async def history(outbox: Outbox) -> list[Outcome]:
    return [each for _, each in await outbox.unsent(1000) if isinstance(each, Outcome)]


async def carried(outbox: Outbox, procedure: Scripted, *settled: State, **more: Any) -> list[Outcome]:
    """One effect is recorded and worked until it has settled; its outcomes."""
    await outbox.record(due(an_effect()))
    async with running(outbox, procedure, **more):
        await until_settled(outbox, *settled)
    return await history(outbox)


def states(outcomes: list[Outcome]) -> list[State]:
    return [each.state for each in outcomes]


CLAIMED, DONE, WAITING, DOUBTFUL = State.CLAIMED, State.DONE, State.WAITING, State.DOUBTFUL


class TestOneEffect:
    async def test_is_read_claimed_called_once_confirmed_and_done(self, outbox: Outbox) -> None:
        shipments = (Shipment(id="f-1"),)
        procedure = Scripted(
            prepare_=[Ready(request="hello", consent=CONSENT)],
            confirm_=[Done(wix_id="m-1", shipments=shipments)],
        )

        outcomes = await carried(outbox, procedure)

        assert [step for step, _ in procedure.asked] == ["prepare", "act", "confirm"]
        assert states(outcomes) == [CLAIMED, DONE]
        last = outcomes[-1]
        assert (last.wix_id, last.request_id, last.shipments, last.consent) == (
            "m-1", "r-1", shipments, CONSENT,
        )  # fmt: skip
        assert last.ref == an_effect().ref

    async def test_recorded_while_the_runner_waits_is_taken_up_at_once(self, outbox: Outbox) -> None:
        """The poll of an hour is not what finds it."""
        async with running(outbox, Scripted(), poll_seconds=3600):
            for n in range(3):
                await outbox.record(due(an_effect(f"k{n}")))
                await until_settled(outbox)

        assert (await outbox.counts())[DONE] == 3

    async def test_is_claimed_before_it_is_called(self, outbox: Outbox) -> None:
        seen = []

        async def look(effect: Effect) -> Done:
            shown = await outbox.show(effect.key)
            assert shown is not None
            seen.append((shown.held.state, shown.held.claim_facts, shown.held.called_at is not None))
            return Done(wix_id="m-1")

        await carried(outbox, Scripted(act_=[look]))

        assert seen == [(CLAIMED, {"conversation_id": "c-1"}, True)]

    async def test_that_wix_makes_unwanted_is_suppressed_with_the_proof(self, outbox: Outbox) -> None:
        procedure = Scripted(prepare_=[Suppress(reason="not_subscribed", consent=CONSENT)])

        (only,) = await carried(outbox, procedure)

        assert (only.state, only.reason, only.consent) == (State.SUPPRESSED, "not_subscribed", CONSENT)
        assert procedure.calls == []

    async def test_that_cannot_be_carried_out_fails_with_what_to_do(self, outbox: Outbox) -> None:
        procedure = Scripted(prepare_=[Fail(reason="order_not_found", next_step="Look at Wix.")])

        (only,) = await carried(outbox, procedure)

        assert (only.state, only.reason, only.next_step) == (State.FAILED, "order_not_found", "Look at Wix.")

    async def test_marked_while_it_was_read_is_not_called(self, outbox: Outbox) -> None:
        async def refunded(effect: Effect) -> Ready:
            await outbox.record(a_mark())
            return Ready(request="hello")

        procedure = Scripted(prepare_=[refunded])

        outcomes = await carried(outbox, procedure)

        assert procedure.calls == []
        assert [(each.state, each.reason) for each in outcomes] == [(State.SUPPRESSED, "refunded")]

    async def test_of_another_flow_is_left_for_a_build_that_knows_it(self, outbox: Outbox) -> None:
        await outbox.record(due(an_effect("other", flow="access"), an_effect("mine", order="2")))
        async with running(outbox, Scripted()):
            await until_settled(outbox, DONE, State.DUE)
            await until(lambda: _is(outbox, "mine", DONE))

        assert await _is(outbox, "other", State.DUE)


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
            await until(lambda: _is(outbox, "f", DONE))
            await until(lambda: _is(outbox, "b1", WAITING))

        assert busy.asked == [("prepare", "b1")]
        assert await _is(outbox, "b2", State.DUE)

    async def test_that_concern_one_order_hold_up_no_other_of_the_site(self, outbox: Outbox) -> None:
        """A procedure waits with an order that Wix doesn't show in its newest state yet."""
        await outbox.record(due(an_effect(), an_effect("other", order="2")))

        procedure = Scripted(prepare_=[WixBusy(60.0, description="a draft"), Ready(request=None)])
        async with running(outbox, procedure):
            await until(lambda: _is(outbox, "other", DONE))

        assert await _is(outbox, KEY, WAITING)

    async def test_with_a_reason_of_the_procedure_fail_with_that(self, outbox: Outbox) -> None:
        refused = WixRefused(400, "X").because("tracking_number_in_use", "Ask the warehouse.")

        (only,) = await carried(outbox, Scripted(prepare_=[refused]))

        assert (only.reason, only.next_step) == ("tracking_number_in_use", "Ask the warehouse.")

    @pytest.mark.parametrize("asked", [float("inf"), 1e12, -5.0])
    async def test_with_an_absurd_wait_are_repeated_within_hours(self, outbox: Outbox, asked: float) -> None:
        (only,) = await carried(outbox, Scripted(prepare_=[WixBusy(asked)]), WAITING, backoff=Backoff())

        assert only.next_at is not None
        assert 9 <= (only.next_at - only.at).total_seconds() <= 4 * 3600


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

        assert await _is(outbox, KEY, DONE)
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
            patch.setattr("streams.carry.MARGIN_SECONDS", 0.1)
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


class TestBugs:
    async def test_in_a_procedure_are_tried_three_times_and_then_fail(
        self, outbox: Outbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        procedure = Scripted(prepare_=[ValueError("alex@example.com")])

        outcomes = await carried(outbox, procedure)

        last = outcomes[-1]
        assert states(outcomes) == [WAITING, WAITING, State.FAILED]
        assert (last.reason, last.fingerprint) == ("bug", "ValueError:test_runner.py:_next")
        logged = [record for record in caplog.records if "a bug in prepare" in record.message]
        assert len(logged) == 3
        assert "alex@example.com" not in caplog.text, "an exception's message may be personal"

    async def test_stop_no_other_effect(self, outbox: Outbox) -> None:
        await outbox.record(due(an_effect("bad"), an_effect("good", order="2", flow="access")))

        async with running(outbox, {FLOW: Scripted(prepare_=[ValueError()]), "access": Scripted()}):
            await until_settled(outbox)

        assert await _is(outbox, "bad", State.FAILED)
        assert await _is(outbox, "good", DONE)

    async def test_are_counted_in_a_row(self, outbox: Outbox) -> None:
        bug, busy = ValueError(), WixUnreachable("time-out")
        procedure = Scripted(prepare_=[bug, bug, busy, bug, bug, Ready(request=None)])

        assert (await carried(outbox, procedure))[-1].state is DONE


class TestOrder:
    async def test_effects_of_one_order_are_carried_out_as_they_were_recorded(self, outbox: Outbox) -> None:
        keys = [f"k{n}" for n in range(10)]
        await outbox.record(due(*(an_effect(key) for key in keys)))
        procedure = Scripted()

        async with running(outbox, procedure):
            await until_settled(outbox)

        assert procedure.calls == keys

    async def test_a_waiting_effect_holds_back_its_order_and_no_other(self, outbox: Outbox) -> None:
        await outbox.record(due(an_effect("first"), an_effect("second"), an_effect("other", order="2")))

        async def unless_first(effect: Effect) -> Ready:
            if effect.key == "first":
                raise WixUnreachable("time-out")
            return Ready(request=None)

        procedure = Scripted(prepare_=[unless_first])
        async with running(outbox, procedure, backoff=Backoff()):
            await until(lambda: _is(outbox, "other", DONE))
            await until(lambda: _is(outbox, "first", WAITING))

        assert await _is(outbox, "second", State.DUE)

    async def test_a_slow_site_holds_up_no_other(self, outbox: Outbox) -> None:
        gate = asyncio.Event()

        async def wait_at_the_slow_one(effect: Effect) -> Ready:
            if effect.instance_id == "slow":
                await gate.wait()
            return Ready(request=None)

        effects = [an_effect("slow", site="slow"), *(an_effect(f"k{n}", site=f"s{n}") for n in range(20))]
        await outbox.record(due(*effects))

        async with running(outbox, Scripted(prepare_=[wait_at_the_slow_one]), sites=2):
            await until_settled(outbox, DONE, State.DUE)
            await until(lambda: _counted(outbox, DONE, 20))
            gate.set()
            await until_settled(outbox)

    async def test_no_more_sites_are_worked_than_asked_for(self, outbox: Outbox) -> None:
        at_once: set[str] = set()
        most = 0

        async def count(effect: Effect) -> Ready:
            nonlocal most
            at_once.add(effect.instance_id)
            most = max(most, len(at_once))
            await asyncio.sleep(0)
            at_once.discard(effect.instance_id)
            return Ready(request=None)

        await outbox.record(due(*(an_effect(f"k{n}", site=f"s{n}") for n in range(12))))
        async with running(outbox, Scripted(prepare_=[count]), sites=3):
            await until_settled(outbox)

        assert most <= 3

    async def test_two_runners_on_one_outbox_call_everything_once(self, tmp_path: Path) -> None:
        procedure = Scripted()
        async with opened(tmp_path) as one, opened(tmp_path) as two:
            await one.record(due(*(an_effect(f"k{n}", site=f"s{n % 7}", order=f"o{n}") for n in range(70))))
            async with running(one, procedure, sites=2), running(two, procedure, sites=2):
                await until_settled(one)

        assert sorted(procedure.calls) == sorted(f"k{n}" for n in range(70))


class TestStopping:
    async def test_lets_a_call_under_way_finish(self, outbox: Outbox) -> None:
        called, answered = asyncio.Event(), asyncio.Event()

        async def slow(effect: Effect) -> Done:
            called.set()
            await answered.wait()
            return Done(wix_id="m-1")

        await outbox.record(due(an_effect(), an_effect("next", order="2")))
        async with running(outbox, Scripted(act_=[slow])):
            await called.wait()
            asyncio.get_running_loop().call_later(0.05, answered.set)

        assert await _is(outbox, KEY, DONE)
        assert await _is(outbox, "next", State.DUE)

    async def test_cuts_a_call_that_takes_too_long_and_leaves_it_in_doubt(self, outbox: Outbox) -> None:
        called = asyncio.Event()

        async def hang(effect: Effect) -> Done:
            called.set()
            await asyncio.Event().wait()
            raise AssertionError

        await outbox.record(due(an_effect()))
        async with running(outbox, Scripted(act_=[hang]), stop_seconds=0.05):
            await called.wait()

        assert await _is(outbox, KEY, DOUBTFUL)

    async def test_leaves_reads_without_a_trace_and_frees_the_site(self, outbox: Outbox) -> None:
        reading = asyncio.Event()

        async def hang(effect: Effect) -> Ready:
            reading.set()
            await asyncio.Event().wait()
            raise AssertionError

        await outbox.record(due(an_effect()))
        async with running(outbox, Scripted(prepare_=[hang]), stop_seconds=3600):
            await reading.wait()

        assert await history(outbox) == []
        assert await outbox.pick(Errand(owner="another", flows=(FLOW,), sites=1)) != []


class TestCrash:
    """A runner is left in the middle; another takes up the same outbox."""

    async def test_during_the_reads_costs_nothing(self, tmp_path: Path) -> None:
        async with opened(tmp_path, lease=1.0) as outbox:
            await outbox.record(due(an_effect()))
            await outbox.pick(Errand(owner="dead", flows=(FLOW,), sites=1))
            procedure = Scripted()
            async with running(outbox, procedure):
                await until_settled(outbox)

        assert procedure.steps == ["prepare", "act"]

    @pytest.mark.parametrize("reached_wix", [True, False])
    async def test_during_the_call_is_asked_after(self, tmp_path: Path, reached_wix: bool) -> None:
        async with opened(tmp_path, lease=1.0) as outbox:
            await outbox.record(due(an_effect()))
            ((held,),) = (
                one.effects for one in await outbox.pick(Errand(owner="dead", flows=(FLOW,), sites=1))
            )
            assert await outbox.claim("dead", held, Ready(request=None), timedelta(seconds=0.05))

        async with opened(tmp_path) as outbox:
            procedure = Scripted(read_back_=[Done(wix_id="m-7") if reached_wix else None])
            async with running(outbox, procedure):
                await until_settled(outbox)
            outcomes = await history(outbox)

        again = [] if reached_wix else ["prepare", "act"]
        assert procedure.steps == ["read_back", *again]
        assert [each.step for each in outcomes] == list(range(1, len(outcomes) + 1))
        assert outcomes[1].reason == "claim_expired"

    async def test_by_kill_during_the_call_sends_one_message(self, tmp_path: Path) -> None:
        """A worker process gets kill -9 after Wix has the message and before the outcome is written."""
        sent = tmp_path / "sent"
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, str(tmp_path), str(sent),
            cwd=Path(__file__).parents[2], stdout=subprocess.PIPE,
        )  # fmt: skip
        try:
            assert worker.stdout is not None
            assert await asyncio.wait_for(worker.stdout.readline(), 60) == b"called\n"
        finally:
            os.kill(worker.pid, signal.SIGKILL)
            await worker.wait()
        _end_the_claim(tmp_path)

        async def at_wix(effect: Effect) -> Done | None:
            return Done(wix_id="m-1") if sent.exists() else None

        procedure = Scripted(read_back_=[at_wix])
        async with opened(tmp_path) as outbox, running(outbox, procedure):
            await until_settled(outbox)
            assert await _is(outbox, KEY, DONE)

        assert sent.read_text() == "one\n"
        assert procedure.calls == []


class TestWeather:
    async def test_an_outbox_that_is_away_is_waited_for(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Another program keeps the file's write lock; the runner goes on when it is free."""
        monkeypatch.setattr("streams.outbox_writer.BUSY_SECONDS", 0.01)
        monkeypatch.setattr("streams.runner.AWAY_SECONDS", 0.02)
        procedure = Scripted()

        async def noticed() -> bool:
            return "database is locked" in caplog.text

        async with opened(tmp_path) as outbox:
            await outbox.record(due(an_effect()))
            with closing(sqlite3.connect(tmp_path / "outbox.sqlite", isolation_level=None)) as other:
                other.execute("begin immediate")
                async with running(outbox, procedure):
                    await until(noticed)
                    assert procedure.asked == []
                    other.execute("rollback")
                    await until_settled(outbox)

        assert procedure.calls == [KEY]

    async def test_an_answer_from_wix_is_kept_until_the_outbox_is_back(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr("streams.outbox_writer.BUSY_SECONDS", 0.01)
        monkeypatch.setattr("streams.carry.SETTLE_PAUSE_SECONDS", 0.02)
        other = sqlite3.connect(tmp_path / "outbox.sqlite", isolation_level=None)

        async def lock(effect: Effect) -> Done:
            other.execute("begin immediate")
            return Done(wix_id="m-1")

        async def noticed() -> bool:
            return "database is locked" in caplog.text

        procedure = Scripted(act_=[lock])
        with closing(other):
            async with opened(tmp_path) as outbox:
                await outbox.record(due(an_effect()))
                async with running(outbox, procedure):
                    await until(noticed)
                    other.execute("rollback")
                    await until_settled(outbox)
                assert states(await history(outbox)) == [CLAIMED, DONE]


class TestBackoff:
    def test_grows_from_ten_seconds_to_four_hours(self) -> None:
        plan = Backoff(spread=lambda: 0.5)

        assert [plan.seconds(n) for n in range(1, 8)] == [10, 60, 600, 3600, 14400, 14400, 14400]
        assert DELAYS_SECONDS == (10, 60, 600, 3600, 14400)

    def test_spreads_by_a_tenth(self) -> None:
        assert Backoff(spread=lambda: 0.0).seconds(1) == pytest.approx(9)
        assert Backoff(spread=lambda: 1.0).seconds(1) == pytest.approx(11)


# A worker of its own: Wix takes the message, then the process hangs until it is killed.
KILLED = f"""
import asyncio, sys
from datetime import timedelta
from pathlib import Path

from streams.outbox import Outbox
from streams.procedure import Done, Ready
from streams.runner import Runner
from streams.settings import OutboxSettings
from tests.streams.made_effects import an_effect, due

class Hangs:
    async def prepare(self, effect, *, now):
        return Ready(request=None)

    async def act(self, effect, ready):
        with Path(sys.argv[2]).open("a") as sent:
            sent.write("one\\n")
        print("called", flush=True)
        await asyncio.Event().wait()

async def main():
    outbox = Outbox(OutboxSettings(data_dir=Path(sys.argv[1]), outbox_url=""))
    await outbox.open()
    await outbox.record(due(an_effect()))
    await Runner(outbox, {{{FLOW!r}: Hangs()}}).run(asyncio.Event())

asyncio.run(main())
"""


def _end_the_claim(folder: Path) -> None:
    """As if the minute of the lease and the claim had passed."""
    with closing(sqlite3.connect(folder / "outbox.sqlite")) as file, file:
        file.execute("update effects set claimed_until = 0 where state = 'claimed'")
        file.execute("update site_leases set until = 0")


async def _is(outbox: Outbox, key: str, state: State) -> bool:
    shown = await outbox.show(key)
    return shown is not None and shown.held.state is state


async def _counted(outbox: Outbox, state: State, count: int) -> bool:
    return (await outbox.counts())[state] == count


class TestASiteThatFails:
    async def test_is_left_alone_after_three_failures_running(self, outbox: Outbox) -> None:
        procedure = Scripted(prepare_=[WixUnreachable("no answer")])
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(10))))

        async with running(outbox, procedure, backoff=Backoff(delays_seconds=(60.0,))):
            await until(lambda: is_probed(outbox))
            await outbox.record(due(an_effect("another", site="another", order="another")))
            await until(lambda: was_tried(procedure, "another"))

        assert [key for _, key in procedure.asked] == ["k0", "k1", "k2", "another"]
        assert (await outbox.counts())[State.DUE] == 7

    async def test_three_failures_with_an_answer_in_between_are_not_running(self, outbox: Outbox) -> None:
        down, up = WixUnreachable("no answer"), Ready(request="hello")
        procedure = Scripted(prepare_=[down, down, up, down, up])
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(5))))

        async with running(outbox, procedure, backoff=Backoff(delays_seconds=(60.0,))):
            await until_settled(outbox, DONE, WAITING)

        assert await outbox.open_circuits() == []
        assert (await outbox.counts())[DONE] == 2


class TestABugInAProcedure:
    async def test_fails_two_effects_keeps_the_rest_and_pauses_the_flow(self, outbox: Outbox) -> None:
        procedure = Scripted(prepare_=[KeyError("surprise")])
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(6))))

        async with running(outbox, procedure):
            await until(lambda: is_paused(outbox))

        counts = await outbox.counts()
        assert counts[State.FAILED] == 2
        assert counts[WAITING] + counts[State.DUE] == 4
        (pause,) = await outbox.paused()
        assert (pause.flow, "KeyError" in pause.fingerprint) == (FLOW, True)

    async def test_pauses_no_other_flow(self, outbox: Outbox) -> None:
        sound = Scripted()
        await outbox.record(due(*(an_effect(f"k{n}", order=f"o{n}") for n in range(4))))

        async with running(outbox, {FLOW: Scripted(prepare_=[KeyError("surprise")]), "fulfillment": sound}):
            await until(lambda: is_paused(outbox))
            await outbox.record(due(an_effect("sound", flow="fulfillment", order="sound")))
            await until(lambda: was_called(sound, "sound"))


async def is_probed(outbox: Outbox) -> bool:
    return bool(await outbox.open_circuits())


async def is_paused(outbox: Outbox) -> bool:
    return bool(await outbox.paused())


async def was_tried(procedure: Scripted, key: str) -> bool:
    return ("prepare", key) in procedure.asked


async def was_called(procedure: Scripted, key: str) -> bool:
    return key in procedure.calls
