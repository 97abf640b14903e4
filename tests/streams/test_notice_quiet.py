"""A message that is due while its site is quiet waits, at no cost, and is judged again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from streams import reason
from streams.effect import PAYMENT_NOTICE, Decision, Effect, State
from streams.notice import NoticeProcedure
from streams.outbox import Outbox
from streams.procedure import Later, Ready
from streams.runner import Runner
from streams.settings import OutboxSettings
from streams.wix.client import WixClient
from tests.streams.made_effects import Clock
from tests.streams.notices import with_choices
from tests.streams.wix_site import NOW, SandboxSite, a_payment_notice

END = NOW.replace(second=0, microsecond=0) + timedelta(hours=1)
QUIET = f'quiet_hours = "{NOW - timedelta(hours=1):%H:%M}-{END:%H:%M}"'
UTC_CLOCK = 'timezone = "UTC"'


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.now = NOW
    return clock


@pytest.fixture
async def outbox(tmp_path: Path, clock: Clock) -> AsyncIterator[Outbox]:
    outbox = Outbox(OutboxSettings(_env_file=None, data_dir=tmp_path), clock=clock)
    await outbox.open()
    yield outbox
    await outbox.close()


@asynccontextmanager
async def at_work(outbox: Outbox, notices: NoticeProcedure, clock: Clock) -> AsyncIterator[None]:
    stop = asyncio.Event()
    runner = Runner(outbox, {PAYMENT_NOTICE: notices}, poll_seconds=0.02, now=clock)
    running = asyncio.create_task(runner.run(stop))
    try:
        async with asyncio.timeout(30):
            yield
    finally:
        stop.set()
        await running


async def until(outbox: Outbox, effect: Effect, state: State) -> None:
    while True:
        found = await outbox.show(effect.key)
        if found is not None and found.held.state is state:
            return
        await asyncio.sleep(0.02)


class TestPrepare:
    async def test_it_is_put_off_until_they_end_before_anything_is_asked_about_the_order(
        self, site: SandboxSite, wix: WixClient, tmp_path: Path
    ) -> None:
        notices = with_choices(wix, tmp_path, QUIET, UTC_CLOCK, 'language = "en"')

        found = await notices.prepare(a_payment_notice(), now=NOW)

        assert found == Later(until=END, reason=reason.QUIET_HOURS)
        assert site.received["requests"] == 0

    async def test_afterwards_it_is_sent(self, wix: WixClient, tmp_path: Path) -> None:
        notices = with_choices(wix, tmp_path, QUIET, UTC_CLOCK)

        assert isinstance(await notices.prepare(a_payment_notice(), now=END), Ready)

    async def test_the_hours_are_those_of_the_zone_that_the_owner_entered_at_wix(
        self, site: SandboxSite, wix: WixClient, tmp_path: Path
    ) -> None:
        """The hours that are quiet in UTC have not begun yet in the west, fourteen hours behind."""
        notices = with_choices(wix, tmp_path, QUIET)
        site.seed(sites=[{"business": {"timeZone": "UTC"}}])
        assert isinstance(await notices.prepare(a_payment_notice(), now=NOW), Later)

        site.seed(sites=[{"business": {"timeZone": "Pacific/Pago_Pago"}}])
        elsewhere = with_choices(wix, tmp_path, QUIET)
        assert isinstance(await elsewhere.prepare(a_payment_notice(), now=NOW), Ready)


class TestWaiting:
    async def test_the_outbox_says_why_and_until_when_and_counts_no_attempt(
        self, site: SandboxSite, wix: WixClient, outbox: Outbox, clock: Clock, tmp_path: Path
    ) -> None:
        effect, notices = a_payment_notice(), with_choices(wix, tmp_path, QUIET, UTC_CLOCK)
        await outbox.record(Decision(effects=(effect,)))

        async with at_work(outbox, notices, clock):
            await until(outbox, effect, State.WAITING)
            found = await outbox.show(effect.key)
            clock.forward(3600)
            await until(outbox, effect, State.DONE)

        assert found is not None
        assert (found.reason, found.held.attempts) == (reason.QUIET_HOURS, 0)
        assert abs(found.due_at - END) < timedelta(seconds=1)
        assert len(site.messages) == 1

    async def test_what_got_too_old_by_then_is_not_sent(
        self, site: SandboxSite, wix: WixClient, outbox: Outbox, clock: Clock, tmp_path: Path
    ) -> None:
        notices = with_choices(wix, tmp_path, QUIET, UTC_CLOCK, notice_max_age=timedelta(minutes=30))
        effect = a_payment_notice()
        await outbox.record(Decision(effects=(effect,)))

        async with at_work(outbox, notices, clock):
            await until(outbox, effect, State.WAITING)
            clock.forward(3600)
            await until(outbox, effect, State.SUPPRESSED)

        found = await outbox.show(effect.key)
        assert found is not None
        assert found.reason == reason.TOO_OLD
        assert site.messages == []
