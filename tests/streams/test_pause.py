"""A bug must not drain a topic: two records are given up, the rest waits for a build without the bug."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from ingest.admin import committed, ensure_topics
from ingest.settings import KafkaSettings
from ingest.topics import DEAD_LETTERS, PLAN_ORDERS
from streams.commands.flows import flows
from streams.pause import is_in_force
from tests.streams.on_the_log import payments_of, purchases, put, records, rows
from tests.streams.processes import Process, running, wait_until
from tests.streams.test_worker import effect_keys

BUGGY = "tests.streams.buggy_worker"
PAUSED = "flow_paused: purchase_notice"


@pytest.fixture
def log(kafka: KafkaSettings) -> KafkaSettings:
    ensure_topics(kafka)
    return kafka


@pytest.mark.kafka
class TestABuggyBuild:
    def test_gives_up_two_records_holds_the_rest_and_a_newer_build_takes_them_up(
        self, log: KafkaSettings, tmp_path: Path
    ) -> None:
        events = purchases(10)
        put(log, events)

        with running(log, tmp_path, module=BUGGY, BUILD_VERSION="1.0") as buggy:
            wait_until(lambda: PAUSED in buggy.lacks(), process=buggy)
            assert buggy.metric('orderline_flow_paused{flow="purchase_notice"}') == 1
            assert "ZeroDivisionError" in buggy.lacks()
            assert buggy.end() == 0
        assert len({place(letter) for letter in letters(log)}) == 2
        assert reading_position(log) <= 2

        # The same build is still paused; nothing more is given up.
        with running(log, tmp_path, module=BUGGY, BUILD_VERSION="1.0") as again:
            wait_until(lambda: PAUSED in again.lacks() and "is held" in again.log, process=again)
            assert again.end() == 0
        assert len({place(letter) for letter in letters(log)}) == 2

        with running(log, tmp_path, "worker", BUILD_VERSION="1.1") as mended:
            given_up = {event_id(letter) for letter in letters(log)}
            expected = {event.event_id for event in events} - given_up
            wait_until(lambda: {row.event_id for row in rows(log)} >= expected, process=mended)
            wait_until(lambda: len(effect_keys(tmp_path)) >= 8, process=mended)
            assert mended.ready()

    def test_holds_up_no_other_flow(self, log: KafkaSettings, tmp_path: Path) -> None:
        with running(log, tmp_path, module=BUGGY, BUILD_VERSION="1.0") as worker:
            put(log, purchases(5))
            wait_until(lambda: PAUSED in worker.lacks(), process=worker)

            payments = payments_of(3)
            put(log, payments)

            wait_until(lambda: len(effect_keys(tmp_path)) == 3, process=worker)
            happened = {event.event_id for event in payments}
            wait_until(lambda: {row.event_id for row in rows(log)} >= happened, process=worker)
            assert PAUSED in worker.lacks()

    def test_another_worker_that_joins_gets_its_share_while_a_record_is_held(
        self, log: KafkaSettings, tmp_path: Path
    ) -> None:
        """The held body lets go when partitions are dealt out anew, else the group would hang."""
        put(log, purchases(10))
        with running(log, tmp_path, module=BUGGY, BUILD_VERSION="1.0") as first:
            wait_until(lambda: PAUSED in first.lacks(), process=first)

            with running(log, tmp_path, module=BUGGY, BUILD_VERSION="1.0") as second:
                wait_until(lambda: has_its_share(first) and has_its_share(second), process=second)
                assert second.end() == 0
            assert first.end() == 0

        assert len({place(letter) for letter in letters(log)}) == 2
        assert reading_position(log) <= 2

    def test_goes_on_with_the_held_record_when_a_person_says_so(
        self, log: KafkaSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        monkeypatch.setenv("BUILD_VERSION", "1.0")
        put(log, purchases(5))
        with running(log, tmp_path, module=BUGGY, BUILD_VERSION="1.0") as worker:
            wait_until(lambda: PAUSED in worker.lacks(), process=worker)
            listed = CliRunner().invoke(flows, ["list"])
            assert (listed.exit_code, "ZeroDivisionError" in listed.stdout) == (3, True)

            assert CliRunner().invoke(flows, ["resume", "purchase_notice"]).exit_code == 0

            # The bug is still there: two more are given up, then it pauses again.
            wait_until(lambda: len({place(letter) for letter in letters(log)}) == 4, process=worker)
            wait_until(lambda: PAUSED in worker.lacks(), process=worker)


class TestBuilds:
    @pytest.mark.parametrize(
        ("build", "holds"),
        [
            ("1.2.3", True),  # the one with the bug
            ("1.2.2", True),  # gone back to an older one
            ("1.2.10", False),  # newer, though its text sorts before
            ("v1.3", False),
        ],
    )
    def test_a_pause_holds_for_its_build_and_older_ones(self, build: str, holds: bool) -> None:
        assert is_in_force("1.2.3", build) is holds

    def test_names_without_an_order_are_newer_when_they_differ(self) -> None:
        assert is_in_force("4f2a9c1", "4f2a9c1")
        assert not is_in_force("4f2a9c1", "77b01de")


def letters(log: KafkaSettings) -> list[dict[str, str]]:
    """The headers of all dead letters."""
    return [{name: value.decode() for name, value in one.headers} for one in records(log, DEAD_LETTERS.name)]


def place(letter: dict[str, str]) -> str:
    return letter["source"]


def event_id(letter: dict[str, str]) -> str:
    return letter["event-id"]


def reading_position(log: KafkaSettings) -> int:
    """How many plan orders the group has let go of."""
    return sum(committed(log, f"{log.topic_prefix}worker", [PLAN_ORDERS.name]).values())


def has_its_share(worker: Process) -> bool:
    """It lacks nothing but the paused flow."""
    lacking = worker.lacks()
    return lacking.startswith("flow_paused") and "no_partitions" not in lacking
