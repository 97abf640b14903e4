"""The runner: every way an effect can go, from due to done."""

import asyncio
from functools import partial
from pathlib import Path

from analytics.lifecycle import Shipment
from streams.effect import Effect, State
from streams.outbox import Outbox
from streams.procedure import Done, Fail, Ready, Suppress
from streams.quota import Quota
from streams.setback import Backoff
from streams.wix.errors import (
    WixUnreachable,
)
from tests.streams.made_effects import SITE, a_mark, an_effect, due
from tests.streams.scripted import (
    CLAIMED,
    CONSENT,
    DONE,
    WAITING,
    Scripted,
    carried,
    counted,
    is_in,
    is_probed,
    opened,
    running,
    states,
    until,
    until_settled,
    was_tried,
)


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
            await until(lambda: is_in(outbox, "mine", DONE))

        assert await is_in(outbox, "other", State.DUE)


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
            await until(lambda: is_in(outbox, "other", DONE))
            await until(lambda: is_in(outbox, "first", WAITING))

        assert await is_in(outbox, "second", State.DUE)

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
            await until(lambda: counted(outbox, DONE, 20))
            assert not await is_in(outbox, "slow", DONE)
            gate.set()
            await until_settled(outbox)

        assert await counted(outbox, DONE, 21)

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

    async def test_a_sites_quota_goes_with_it_to_the_next_runner(self, outbox: Outbox) -> None:
        quotas = [Quota(200), Quota(200)]
        for number, quota in enumerate(quotas):

            async def asking(effect: Effect, quota: Quota = quota) -> Ready:
                for _ in range(5):
                    quota.take(effect.instance_id)
                return Ready(request=None)

            await outbox.record(due(an_effect(f"k{number}", order=f"o{number}")))
            async with running(outbox, Scripted(prepare_=[asking]), owner=f"w{number}", quota=quota):
                await until(partial(is_in, outbox, f"k{number}", DONE))

        assert [quota.used(SITE) for quota in quotas] == [5, 10]

    async def test_two_runners_on_one_outbox_call_everything_once(self, tmp_path: Path) -> None:
        procedure = Scripted()
        async with opened(tmp_path) as one, opened(tmp_path) as two:
            await one.record(due(*(an_effect(f"k{n}", site=f"s{n % 7}", order=f"o{n}") for n in range(70))))
            async with running(one, procedure, sites=2), running(two, procedure, sites=2):
                await until_settled(one)

        assert sorted(procedure.calls) == sorted(f"k{n}" for n in range(70))


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
