"""The part of a site's requests that commands share, kept over all of their processes."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from streams.commands.plan_orders.run import say_waiting
from streams.quota import QuotaWait
from streams.quota_share import CommandQuota
from streams.settings import WixSettings
from streams.wix.patient import PatientClient


class Clock:
    """Seconds that pass when told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "quota.json"


class TestCommandQuota:
    def test_processes_on_one_file_share_it(self, file: Path) -> None:
        clock = Clock()
        first, second = (CommandQuota(file, 3, now=clock) for _ in range(2))
        first.take("s")
        second.take("s")
        first.take("s")

        with pytest.raises(QuotaWait):
            second.take("s")

    def test_each_site_has_its_own(self, file: Path) -> None:
        quota = CommandQuota(file, 1, now=Clock())
        quota.take("s")
        quota.take("t")

        with pytest.raises(QuotaWait):
            quota.take("s")

    def test_after_a_minute_there_is_room_again(self, file: Path) -> None:
        clock = Clock()
        quota = CommandQuota(file, 1, now=clock)
        quota.take("s")
        clock.now += 59
        with pytest.raises(QuotaWait) as wait:
            quota.take("s")
        clock.now += 1
        quota.take("s")

        assert abs((wait.value.until - datetime.now(UTC)).total_seconds()) < 60

    def test_a_clock_that_was_set_back_locks_nobody_out(self, file: Path) -> None:
        clock = Clock()
        quota = CommandQuota(file, 1, now=clock)
        quota.take("s")
        with pytest.raises(QuotaWait):
            quota.take("s")

        clock.now -= 3600

        quota.take("s")
        with pytest.raises(QuotaWait):
            quota.take("s")

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "nonsense",
            "[]",
            # As builds before wrote it.
            '{"s": [999.0]}',
            '{"name": "n", "recent": 7, "minutes": {}}',
            '{"name": "n", "recent": {"s": ["x"]}, "minutes": {}}',
            '{"name": "n", "recent": {}, "minutes": {"today": {}}}',
        ],
    )
    def test_a_broken_file_counts_as_empty(self, file: Path, content: str) -> None:
        file.parent.mkdir()
        file.write_text(content)

        CommandQuota(file, 1, now=Clock()).take("s")

        assert json.loads(file.read_text())["recent"] == {"s": [1000.0]}


class TestMinutes:
    def test_are_told_when_they_are_over_by_whoever_reads_the_file(self, file: Path) -> None:
        clock = Clock()
        command, worker = CommandQuota(file, 2, now=clock), CommandQuota(file, 2, now=clock)
        taken(command, "s", 3)
        taken(command, "t", 1)
        assert worker.known(limit=200) == []

        clock.now += 60

        assert told(worker, limit=200) == [("s", 960, 2, 1, 200), ("t", 960, 1, 0, 200)]

    def test_are_told_until_they_are_in_the_outbox_under_one_name(self, file: Path) -> None:
        clock = Clock()
        quota = CommandQuota(file, 2, now=clock)
        taken(quota, "s", 1)
        clock.now += 60
        taken(quota, "s", 1)
        clock.now += 60
        (first, second) = quota.known(limit=200)

        quota.forget([first])

        assert quota.known(limit=200) == [second]
        assert first.worker == second.worker

    def test_of_two_machines_are_told_apart(self, tmp_path: Path) -> None:
        clock = Clock()
        machines = [CommandQuota(tmp_path / name / "quota.json", 2, now=clock) for name in "ab"]
        for one in machines:
            taken(one, "s", 1)
        clock.now += 60

        names = {count.worker for one in machines for count in one.known(limit=200)}

        assert len(names) == 2

    def test_that_nobody_asks_for_are_kept_for_a_day(self, file: Path) -> None:
        clock = Clock()
        quota = CommandQuota(file, 2, now=clock)
        taken(quota, "s", 1)
        clock.now += 24 * 3600 - 60
        taken(quota, "t", 1)
        clock.now += 60
        assert [one.instance_id for one in quota.known(limit=200)] == ["s", "t"]

        taken(quota, "u", 1)

        assert [one.instance_id for one in quota.known(limit=200)] == ["t"]


def taken(quota: CommandQuota, site: str, times: int) -> None:
    for _ in range(times):
        with suppress(QuotaWait):
            quota.take(site)


def told(quota: CommandQuota, *, limit: int) -> list[tuple[str, float, int, int, int]]:
    return [
        (one.instance_id, one.minute.timestamp(), one.calls, one.parked, one.limit)
        for one in quota.known(limit=limit)
    ]


class TestPatience:
    async def test_a_command_waits_for_its_turn(self, capsys: pytest.CaptureFixture[str]) -> None:
        turns = iter([QuotaWait(datetime.now(UTC)), None])

        def take(_: str) -> None:
            if (wait := next(turns)) is not None:
                raise wait

        settings = WixSettings(_env_file=None, wix_api_key=SecretStr("key"), wix_site_id="site")
        wire = httpx.MockTransport(lambda _: httpx.Response(200, json={"fine": True}))
        async with PatientClient(settings, take=take, tell=say_waiting, transport=wire) as wix:
            answer = await wix.request("site", "GET", "/thing")

        assert answer.body == {"fine": True}
        assert "Waiting until" in capsys.readouterr().err


class TestLiveWorkFirst:
    def test_the_worker_has_what_commands_can_not_take(self) -> None:
        settings = WixSettings(_env_file=None, wix_calls_per_minute=200, wix_command_calls_per_minute=40)

        assert settings.live_calls_per_minute == 160
