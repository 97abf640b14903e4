"""A bug in a procedure: tried three times, failed twice, then its flow pauses."""

import pytest

from streams.effect import State
from streams.outbox import Outbox
from streams.procedure import Ready
from streams.wix.errors import (
    WixUnreachable,
)
from tests.streams.made_effects import FLOW, an_effect, due
from tests.streams.scripted import (
    DONE,
    WAITING,
    Scripted,
    carried,
    is_in,
    is_paused,
    running,
    states,
    until,
    until_settled,
    was_called,
)


class TestBugs:
    async def test_in_a_procedure_are_tried_three_times_and_then_fail(
        self, outbox: Outbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        procedure = Scripted(prepare_=[ValueError("alex@example.com")])

        outcomes = await carried(outbox, procedure)

        last = outcomes[-1]
        assert states(outcomes) == [WAITING, WAITING, State.FAILED]
        assert (last.reason, last.fingerprint) == ("bug", "ValueError:scripted.py:_next")
        logged = [record for record in caplog.records if "a bug in prepare" in record.message]
        assert len(logged) == 3
        assert "alex@example.com" not in caplog.text, "an exception's message may be personal"

    async def test_stop_no_other_effect(self, outbox: Outbox) -> None:
        await outbox.record(due(an_effect("bad"), an_effect("good", order="2", flow="access")))

        async with running(outbox, {FLOW: Scripted(prepare_=[ValueError()]), "access": Scripted()}):
            await until_settled(outbox)

        assert await is_in(outbox, "bad", State.FAILED)
        assert await is_in(outbox, "good", DONE)

    async def test_are_counted_in_a_row(self, outbox: Outbox) -> None:
        bug, busy = ValueError(), WixUnreachable("time-out")
        procedure = Scripted(prepare_=[bug, bug, busy, bug, bug, Ready(request=None)])

        assert (await carried(outbox, procedure))[-1].state is DONE


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

        assert [one.flow for one in await outbox.paused()] == [FLOW]
