"""How the runner stops, and what a crash or an outbox that is away leaves behind."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from streams.effect import Effect, State
from streams.outbox import Errand, Outbox
from streams.procedure import Done, Ready
from tests.streams.made_effects import FLOW, an_effect, due
from tests.streams.scripted import (
    CLAIMED,
    DONE,
    DOUBTFUL,
    KEY,
    Scripted,
    history,
    is_in,
    opened,
    running,
    states,
    until,
    until_settled,
)


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

        assert await is_in(outbox, KEY, DONE)
        assert await is_in(outbox, "next", State.DUE)

    async def test_cuts_a_call_that_takes_too_long_and_leaves_it_in_doubt(self, outbox: Outbox) -> None:
        called = asyncio.Event()

        async def hang(effect: Effect) -> Done:
            called.set()
            await asyncio.Event().wait()
            raise AssertionError

        await outbox.record(due(an_effect()))
        async with running(outbox, Scripted(act_=[hang]), stop_seconds=0.05):
            await called.wait()

        assert await is_in(outbox, KEY, DOUBTFUL)

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
            assert await is_in(outbox, KEY, DONE)

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
