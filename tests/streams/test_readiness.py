"""What a process lacks is said by name while it waits for it, and it is alive meanwhile."""

from pathlib import Path

import httpx
import pytest

from ingest.settings import KafkaSettings
from tests.empty_ledger import open_ledger
from tests.streams.processes import Process, running, wait_until

NOWHERE = "127.0.0.1:1"
AWAY = {"KAFKA_BOOTSTRAP_SERVERS": NOWHERE}


@pytest.fixture
def kafka() -> KafkaSettings:
    """A log that is away: these tests need no broker."""
    return KafkaSettings(_env_file=None, kafka_bootstrap_servers=NOWHERE)


def is_alive(process: Process) -> bool:
    return httpx.get(f"http://127.0.0.1:{process.internal_port}/healthz").status_code == 200


class TestWorker:
    def test_an_outbox_that_is_away_is_named_from_the_start(
        self, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        away = "postgresql+psycopg://nobody@127.0.0.1:1/none"

        with running(kafka, tmp_path, "worker", OUTBOX_URL=away) as worker:
            wait_until(lambda: "outbox_away: " in worker.lacks(), process=worker)

            assert is_alive(worker)
            assert worker.end() == 0

    def test_a_broker_that_is_away_is_named(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        with running(kafka, tmp_path, "worker", WATCHDOG_AFTER="PT2S") as worker:
            wait_until(lambda: "broker_away: " in worker.lacks(), process=worker)

            assert "no_partitions: " in worker.lacks()
            assert is_alive(worker)


class TestLedger:
    def test_a_file_that_another_process_has_is_named_and_then_the_silent_log(
        self, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        held = open_ledger(tmp_path / "ledger.duckdb")
        with running(kafka, tmp_path, "ledger", STALE_AFTER="PT1S") as ledger:
            wait_until(lambda: "no_file: " in ledger.lacks(), process=ledger)
            held.close()

            wait_until(lambda: "no_file" not in ledger.lacks() and "stale: log_away" in ledger.lacks())

            assert "no_partitions: " in ledger.lacks()
            assert is_alive(ledger)
            assert ledger.metric("orderline_ledger_stale") == 1
