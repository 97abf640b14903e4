"""Requests are counted by minute and site, and told once, when the minute is over."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analytics.lifecycle import LifecycleRow, QuotaFacts
from streams.lifecycle import from_quota
from streams.outbox import Outbox
from streams.quota import Quota, QuotaWait
from streams.quota_counts import QuotaCount, QuotaCounts
from streams.quota_keeper import keep_commands, kept
from streams.quota_share import QUOTA_FILE, CommandQuota
from streams.settings import OutboxSettings

MINUTE = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)


class Wall:
    """A clock on the wall, moved by hand."""

    def __init__(self) -> None:
        self.now = MINUTE + timedelta(seconds=20)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[Outbox]:
    outbox = Outbox(OutboxSettings(data_dir=tmp_path, outbox_url=""))
    await outbox.open()
    yield outbox
    await outbox.close()


def counts_of(wall: Wall, *, per_minute: int = 200) -> QuotaCounts:
    return QuotaCounts(Quota(per_minute, monotonic=lambda: 0.0).take, worker="w1", limit=200, now=wall)


def taken(counts: QuotaCounts | CommandQuota, site: str, times: int) -> None:
    for _ in range(times):
        try:
            counts.take(site)
        except QuotaWait:
            continue


def told(counts: list[QuotaCount]) -> list[tuple[str, datetime, int, int]]:
    return [(one.instance_id, one.minute, one.calls, one.parked) for one in counts]


async def in_the_outbox(outbox: Outbox) -> list[QuotaCount]:
    return [one for _, one in await outbox.unsent() if isinstance(one, QuotaCount)]


class TestCounts:
    def test_each_site_and_minute_has_its_own_count(self, wall: Wall) -> None:
        counts = counts_of(wall)
        taken(counts, "a", 3)
        taken(counts, "b", 1)
        wall.forward(60)
        taken(counts, "a", 2)
        wall.forward(60)

        assert told(counts.known()) == [
            ("a", MINUTE, 3, 0),
            ("b", MINUTE, 1, 0),
            ("a", MINUTE + timedelta(minutes=1), 2, 0),
        ]

    def test_what_had_to_wait_is_counted_apart_and_still_waits(self, wall: Wall) -> None:
        counts = counts_of(wall, per_minute=5)

        taken(counts, "a", 7)

        assert told(counts.known(whole=True)) == [("a", MINUTE, 5, 2)]
        with pytest.raises(QuotaWait):
            counts.take("a")

    def test_the_present_minute_is_not_told_before_it_is_over(self, wall: Wall) -> None:
        counts = counts_of(wall)
        taken(counts, "a", 1)

        assert counts.known() == []
        wall.forward(40)
        assert told(counts.known()) == [("a", MINUTE, 1, 0)]

    def test_what_is_in_the_outbox_is_told_no_more(self, wall: Wall) -> None:
        counts = counts_of(wall)
        taken(counts, "a", 1)
        wall.forward(60)

        counts.forget(counts.known())

        assert counts.known(whole=True) == []


class TestKept:
    async def test_minutes_go_into_the_outbox_once_they_are_over(self, wall: Wall, outbox: Outbox) -> None:
        counts = counts_of(wall)
        taken(counts, "a", 4)
        async with kept(counts, outbox, look_seconds=0.01):
            wall.forward(60)
            while not (found := await in_the_outbox(outbox)):
                pass

        assert told(found) == [("a", MINUTE, 4, 0)]
        assert told(await in_the_outbox(outbox)) == [("a", MINUTE, 4, 0)]

    async def test_a_stop_loses_nothing_of_the_minute(self, wall: Wall, outbox: Outbox) -> None:
        counts = counts_of(wall)
        async with kept(counts, outbox):
            taken(counts, "a", 4)

        assert told(await in_the_outbox(outbox)) == [("a", MINUTE, 4, 0)]


class TestCommandsKept:
    async def test_what_commands_asked_for_is_told_by_the_worker_once(
        self, tmp_path: Path, wall: Wall, outbox: Outbox
    ) -> None:
        shared = CommandQuota(tmp_path / QUOTA_FILE, 2, now=lambda: wall.now.timestamp())
        taken(shared, "a", 3)
        wall.forward(60)
        keeping = asyncio.create_task(keep_commands(shared, outbox, limit=200, look_seconds=0.01))
        while not (found := await in_the_outbox(outbox)) or shared.known(limit=200):
            pass
        keeping.cancel()

        assert told(found) == [("a", MINUTE, 2, 1)]
        assert told(await in_the_outbox(outbox)) == [("a", MINUTE, 2, 1)]

    async def test_a_file_that_can_not_be_read_stops_nothing(
        self, tmp_path: Path, wall: Wall, outbox: Outbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / QUOTA_FILE).touch()
        (tmp_path / f"{QUOTA_FILE}.lock").mkdir()
        shared = CommandQuota(tmp_path / QUOTA_FILE, 2, now=lambda: wall.now.timestamp())
        keeping = asyncio.create_task(keep_commands(shared, outbox, limit=200, look_seconds=0.01))
        while "told later" not in caplog.text:
            await in_the_outbox(outbox)
        (tmp_path / f"{QUOTA_FILE}.lock").rmdir()
        taken(shared, "a", 1)
        wall.forward(60)

        while not (found := await in_the_outbox(outbox)):
            pass
        keeping.cancel()

        assert told(found) == [("a", MINUTE, 1, 0)]


class TestRow:
    def test_says_who_asked_for_which_site_in_which_minute(self, wall: Wall) -> None:
        counts = counts_of(wall, per_minute=5)
        taken(counts, "a", 7)

        row = from_quota(counts.known(whole=True)[0])

        assert (row.what, row.entity_id, row.happened_at) == ("quota", "a", MINUTE)
        assert row.facts == QuotaFacts(worker="w1", calls=5, parked=2, limit=200)
        assert LifecycleRow.from_bytes(row.to_bytes()) == row

    def test_another_worker_or_minute_is_another_row_and_the_same_is_the_same(self, wall: Wall) -> None:
        counts = counts_of(wall)
        taken(counts, "a", 1)
        (one,) = counts.known(whole=True)
        others = [
            replace(one, worker="w2"),
            replace(one, minute=MINUTE + timedelta(minutes=1)),
            replace(one, instance_id="b"),
        ]

        assert from_quota(one) == from_quota(replace(one))
        assert len({from_quota(each).row_id for each in (one, *others)}) == 4
