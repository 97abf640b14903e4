"""The part of a site's requests that commands share, kept over all of their processes."""

import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from streams.plan_orders_cli_run import say_waiting
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

    @pytest.mark.parametrize("content", ["", "nonsense", "[]", '{"s": 7}', '{"s": ["x"]}'])
    def test_a_broken_file_counts_as_empty(self, file: Path, content: str) -> None:
        file.parent.mkdir()
        file.write_text(content)

        CommandQuota(file, 1, now=Clock()).take("s")

        assert json.loads(file.read_text()) == {"s": [1000.0]}


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
