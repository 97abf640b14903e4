"""What the world may do to the flows, one kind of weather each. docs/operations.md says it to people."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from streams import reason
from streams.change import Listed
from streams.effect import PAYMENT_NOTICE, Decision, Effect, State
from streams.holding import Hold
from streams.meters import Meters
from streams.outbox import Outbox
from streams.procedure import Claim, Done, Procedure, Ready
from streams.runner import Runner
from streams.setback import Backoff
from streams.settings import OutboxSettings
from streams.wix.client import WixClient
from streams.wix.errors import WixUnreachable
from streams.worker_state import WorkerState
from tests.source_tree import ROOT
from tests.started import ended
from tests.streams.doubt import ready
from tests.streams.made_effects import Clock, an_effect
from tests.streams.notices import SENDING, procedure
from tests.streams.wix_site import NOW, SandboxSite, a_payment_notice

SOON = Backoff(delays_seconds=(0.2,), max_attempts=1000)


@asynccontextmanager
async def an_outbox(folder: Path, clock: Clock | None = None) -> AsyncIterator[Outbox]:
    outbox = Outbox(OutboxSettings(_env_file=None, data_dir=folder, outbox_url=""), clock=clock)
    await outbox.open()
    try:
        yield outbox
    finally:
        await outbox.close()


@asynccontextmanager
async def at_work(outbox: Outbox, carried_out_by: Procedure, backoff: Backoff) -> AsyncIterator[None]:
    stop = asyncio.Event()
    flows = {PAYMENT_NOTICE: carried_out_by}
    running = asyncio.create_task(Runner(outbox, flows, backoff=backoff, poll_seconds=0.02).run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def shown(outbox: Outbox, effect: Effect) -> Listed:
    found = await outbox.show(effect.key)
    assert found is not None
    return found


async def until(holds: Callable[[Listed], bool], outbox: Outbox, effect: Effect) -> Listed:
    async with asyncio.timeout(30):
        while not holds(found := await shown(outbox, effect)):
            await outbox.wait_for_news(0.02)
        return found


def stands(*states: State) -> Callable[[Listed], bool]:
    return lambda found: found.held.state in states


@dataclass
class AwayUntil:
    """A procedure that gets no answer before a moment of the outbox's clock."""

    clock: Clock
    back_at: datetime
    calls: list[datetime] = field(default_factory=list)

    async def prepare(self, effect: Effect, *, now: datetime) -> Ready:
        if self.clock() < self.back_at:
            raise WixUnreachable("no answer in time", code="timeout")
        return Ready(request="hello")

    async def act(self, effect: Effect, ready: Ready) -> Done:
        self.calls.append(self.clock())
        return Done(wix_id="m-1")

    async def read_back(self, effect: Effect, claim: Claim) -> None:
        return None

    async def confirm(self, effect: Effect, done: Done) -> Done:
        return done


class TestWixAwayForAnHour:
    async def test_effects_wait_through_it_with_most_of_their_attempts_left(self, tmp_path: Path) -> None:
        clock, effect = Clock(), an_effect()
        wix = AwayUntil(clock, back_at=clock() + timedelta(hours=1))
        async with an_outbox(tmp_path, clock) as outbox:
            await outbox.record(Decision(effects=(effect,)))
            async with at_work(outbox, wix, Backoff()):
                found = await until(stands(State.WAITING), outbox, effect)
                while found.held.state is not State.DONE:
                    step, clock.now = found.held.step, max(clock.now, found.due_at)
                    outbox.wake()
                    found = await until(_has_gone_on(step), outbox, effect)

        assert found.held.attempts <= 5
        assert len(wix.calls) == 1
        # The last wait began while Wix was still away.
        assert wix.calls[0] - wix.back_at < timedelta(minutes=75)


def _has_gone_on(step: int) -> Callable[[Listed], bool]:
    return lambda found: found.held.step > step and found.held.state in (State.WAITING, State.DONE)


class TestTokenRevoked:
    async def test_effects_wait_readiness_says_why_and_they_go_on_with_the_new_secret(
        self, site: SandboxSite, tmp_path: Path
    ) -> None:
        """The secret was changed at Wix, and here a little later: nobody needs to redrive anything."""
        effect = a_payment_notice()
        async with an_outbox(tmp_path) as outbox:
            await outbox.record(Decision(effects=(effect,)))
            async with WixClient(site.settings(wix_app_secret=SecretStr("the old one"))) as old:
                async with at_work(outbox, procedure(old), SOON):
                    waiting = await until(stands(State.WAITING), outbox, effect)
                said = await _missing(outbox)
            async with (
                WixClient(site.settings()) as new,
                at_work(outbox, procedure(new), SOON),
            ):
                done = await until(stands(State.DONE), outbox, effect)
            assert not any("unauthorized" in line for line in await _missing(outbox))

        assert waiting.reason == reason.UNAUTHORIZED
        assert any(line.startswith("unauthorized: ") and "WIX_APP_SECRET" in line for line in said)
        assert done.held.state is State.DONE
        assert len(site.messages) == 1


async def _missing(outbox: Outbox) -> list[str]:
    """What `/readyz` would say of a worker on this outbox."""
    app = SimpleNamespace(started=False, rebalancing=False, consumer=None)
    state = WorkerState(app, outbox, Meters(), Hold(outbox), "test.")
    state.is_outbox_open = True
    return await state.missing()


class TestAppRemoved:
    async def test_what_is_due_is_suppressed_and_goes_on_when_it_is_installed_again(
        self, site: SandboxSite, tmp_path: Path
    ) -> None:
        before, after = a_payment_notice(), a_payment_notice()
        async with (
            an_outbox(tmp_path) as outbox,
            WixClient(site.settings()) as wix,
            at_work(outbox, procedure(wix), SOON),
        ):
            site.seed(sites=[{"installed": False}])
            await outbox.record(Decision(effects=(before,)))
            gone = await until(stands(State.SUPPRESSED, State.DONE), outbox, before)

            site.seed(sites=[{"installed": True}])
            await outbox.record(Decision(effects=(after,)))
            done = await until(stands(State.SUPPRESSED, State.DONE), outbox, after)

        assert (gone.held.state, gone.reason) == (State.SUPPRESSED, reason.APP_REMOVED)
        assert done.held.state is State.DONE
        assert len(site.messages) == 1


class TestClockSkew:
    @pytest.mark.parametrize("hours", [-12, -1, 1, 12])
    async def test_message_in_doubt_is_found_however_far_wixs_clock_is_off(
        self, site: SandboxSite, hours: int
    ) -> None:
        """Wix's clock behind ours would hide the message behind the moment of the call."""
        site.clock(hours=hours)
        site.fault(**SENDING, after=True)
        effect = a_payment_notice()
        async with WixClient(site.settings()) as wix:
            notices = procedure(wix)
            prepared = await ready(notices, effect)
            with pytest.raises(WixUnreachable):
                await notices.act(effect, prepared)

            found = await notices.read_back(effect, Claim(called_at=NOW, facts=prepared.claim))

        assert isinstance(found, Done)
        assert [one["messageId"] for one in site.messages] == [found.wix_id]


class TestDiskFull:
    def test_outbox_takes_nothing_says_so_and_goes_on_when_there_is_room(self, tmp_path: Path) -> None:
        """In a process of its own, whose files may not grow for a while."""
        done = subprocess.run(
            [sys.executable, "-c", FULL_DISK, str(tmp_path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.stdout.splitlines() == ["away", "all of them are there afterwards"], done.stderr


FULL_DISK = """
import asyncio, resource, signal, sys
from pathlib import Path
from streams.effect import Decision, State
from streams.outbox import Outbox, OutboxAway
from streams.settings import OutboxSettings
from tests.streams.made_effects import an_effect

async def main():
    outbox = Outbox(OutboxSettings(_env_file=None, data_dir=Path(sys.argv[1]), outbox_url=""))
    await outbox.open()
    size = max(file.stat().st_size for file in Path(sys.argv[1]).iterdir())
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20_000, resource.RLIM_INFINITY))
    many = [Decision(effects=(an_effect(f"k{n}", order=str(n)),)) for n in range(2000)]
    try:
        await outbox.record_many(many)
    except OutboxAway as away:
        assert "the disk isn't full" in str(away), away
        print("away")
    assert (await outbox.counts())[State.DUE] == 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert await outbox.record_many(many) == 2000
    assert (await outbox.counts())[State.DUE] == 2000
    print("all of them are there afterwards")
    await outbox.close()

asyncio.run(main())
"""


class TestDamagedLedger:
    def test_ledger_process_refuses_it_in_a_sentence_with_the_remedy(self, tmp_path: Path) -> None:
        """Exit code 1, so that a supervisor's restarts are seen; the log has everything."""
        (tmp_path / "ledger.duckdb").write_bytes(b"no database" * 1000)
        settings = {"DATA_DIR": str(tmp_path), "LEDGER_PATH": "", "REPORTS_PORT": "0"}

        done = ended("streams", "ledger", environment=os.environ | settings)

        assert done.returncode == 1
        assert "is damaged" in done.stderr
        assert "python -m streams replay rebuild" in done.stderr
        assert "Traceback" not in done.stderr


class TestPage:
    def test_every_weather_names_its_tests_and_they_exist(self) -> None:
        page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
        weathers = page.split("\n## ")[1:]
        named = [(weather, NAMED.findall(weather)) for weather in weathers]

        assert len(weathers) >= 12
        assert [weather.splitlines()[0] for weather, tests in named if not tests] == []
        assert [name for _, tests in named for name in tests if not _exists(*name)] == []


NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def _exists(path: str, name: str) -> bool:
    file = ROOT / path
    return file.exists() and (not name or f"\nclass {name}" in file.read_text(encoding="utf-8"))
