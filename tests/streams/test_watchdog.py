"""A process that hangs ends itself; one that waits for something outside does not."""

import subprocess
import sys
from pathlib import Path

import pytest

from ingest.settings import KafkaSettings
from tests.source_tree import ROOT
from tests.streams.on_the_log import make_topics, purchases, put, put_rows, rows_count
from tests.streams.processes import Process, running, wait_until
from tests.streams.test_alert import receiving

START_AGAIN = 70
# What hangs is ended soon; what doesn't may take its time on a busy machine, and is looked at for longer.
QUICK, PATIENT = {"WATCHDOG_AFTER": "PT2S"}, {"WATCHDOG_AFTER": "PT8S"}
# Looks are an eighth of the time apart: so many would have found a hang.
ENOUGH_LOOKS = 12


@pytest.fixture
def log(kafka: KafkaSettings) -> KafkaSettings:
    make_topics(kafka)
    return kafka


def loop_that_is(how: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.streams.blocked_loop", how]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


class TestEventLoop:
    def test_a_blocked_one_ends_the_process_with_code_70_and_says_where_it_stood(self) -> None:
        ended = loop_that_is("blocked")

        assert ended.returncode == START_AGAIN
        assert "the event loop has not answered" in ended.stderr
        assert "blocked_loop.py" in ended.stderr

    def test_one_that_works_is_left_alone(self) -> None:
        ended = loop_that_is("busy")

        assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.kafka
class TestWorker:
    def test_a_loop_that_a_record_blocks_ends_it_with_code_70(
        self, log: KafkaSettings, tmp_path: Path
    ) -> None:
        put(log, purchases(1))

        with running(log, tmp_path, "blocked", module="tests.streams.hung_worker", **QUICK) as worker:
            assert worker.exit_code() == START_AGAIN

            assert "the event loop has not answered" in worker.log
            assert "hung_worker.py" in worker.log

    def test_what_it_had_is_read_by_the_next_which_stays_though_wix_is_away(
        self, log: KafkaSettings, tmp_path: Path
    ) -> None:
        put(log, purchases(3))
        with running(log, tmp_path, "waiting", module="tests.streams.hung_worker", **QUICK) as hung:
            assert hung.exit_code() == START_AGAIN

            assert "plan-orders/" in hung.log
            assert "to be started again" in hung.log

        with running(log, tmp_path, "worker", **PATIENT) as sound:
            wait_until(lambda: rows_count(log) >= 6, process=sound)
            wait_until(lambda: looks(sound) > ENOUGH_LOOKS, process=sound)
            assert sound.end() == 0

    def test_a_paused_flow_is_no_hang_and_a_person_hears_of_it(
        self, log: KafkaSettings, tmp_path: Path
    ) -> None:
        put(log, purchases(10))

        with receiving() as receiver:
            settings = PATIENT | {"ALERT_URL": receiver.url}
            with running(log, tmp_path, module="tests.streams.buggy_worker", **settings) as worker:
                wait_until(lambda: "is held" in worker.log, process=worker)
                wait_until(lambda: looks(worker) > ENOUGH_LOOKS, process=worker)
                wait_until(lambda: len(receiver.posted) >= 2, process=worker)

                assert "flow_paused: purchase_notice" in worker.lacks()
                assert worker.end() == 0

        told = {one["kind"]: one for one in receiver.posted}
        assert set(told) == {"dead_letter", "flow_paused"}
        assert "flows resume purchase_notice" in told["flow_paused"]["text"]

    def test_nor_is_a_broker_that_is_away(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        nowhere = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}

        with running(kafka, tmp_path, "worker", **PATIENT, **nowhere) as worker:
            wait_until(lambda: looks(worker) > ENOUGH_LOOKS, process=worker)

            assert "broker_away: " in worker.lacks()
            assert worker.end() == 0


@pytest.mark.kafka
class TestLedger:
    def test_writing_that_never_ends_ends_it_with_code_70_and_the_next_goes_on(
        self, log: KafkaSettings, tmp_path: Path
    ) -> None:
        put_rows(log, purchases(3))
        with running(log, tmp_path, module="tests.streams.hung_ledger", **QUICK) as hung:
            assert hung.exit_code() == START_AGAIN

            assert "order-lifecycle/0 stands at 0 while 6 records wait" in hung.log
            assert "to be started again" in hung.log

        with running(log, tmp_path, "ledger") as sound:
            wait_until(lambda: sound.metric("orderline_ledger_rows_total") == 6, process=sound)
            assert sound.end() == 0

    def test_a_disk_that_is_full_is_no_hang(self, log: KafkaSettings, tmp_path: Path) -> None:
        """Starting it again would only take its reports away."""
        with running(log, tmp_path, "ledger", WATCHDOG_AFTER="PT6S") as full:
            wait_until(full.ready, process=full)
            full.fill_disk()
            put_rows(log, purchases(500))

            wait_until(lambda: "Make room on that disk" in full.log, process=full)
            before = looks(full)
            wait_until(lambda: looks(full) > before + 12, process=full)
            assert "hung" not in full.log


def looks(process: Process) -> float:
    return process.metric("orderline_watchdog_looks_total")
