"""The ledger process on a real Kafka: DuckDB holds exactly what the log holds, and reports are answered."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from filelock import Timeout
from kafka import KafkaAdminClient

from analytics.ledger import Ledger
from ingest.admin import ensure_topics, topic_ids
from ingest.settings import KafkaSettings
from ingest.topics import ORDER_LIFECYCLE, PLAN_ORDERS
from streams.ledger_seat import ownership
from tests.streams.on_the_log import make_topics, purchases, put, put_rows, rows, rows_count
from tests.streams.processes import Process, free_port, running, wait_until

pytestmark = pytest.mark.kafka

ROWS_READ = "orderline_ledger_rows_total"


@pytest.fixture
def log(kafka: KafkaSettings) -> KafkaSettings:
    """A log with its topics."""
    make_topics(kafka)
    return kafka


@pytest.fixture
def ledger(log: KafkaSettings, tmp_path: Path) -> Iterator[Process]:
    with running(log, tmp_path, "ledger") as process:
        yield process


def row_ids(data_dir: Path) -> list[str]:
    """Ids of the rows in the file, once nobody has it open."""
    with_file = Ledger.open(data_dir / "ledger.duckdb", wait_seconds=60)
    try:
        with with_file.present() as connection:
            return [
                str(row_id) for (row_id,) in connection.execute("select row_id from lifecycle").fetchall()
            ]
    finally:
        with_file.close()


def next_offset(log: KafkaSettings, data_dir: Path) -> int:
    """Where the file says that reading goes on."""
    with_file = Ledger.open(data_dir / "ledger.duckdb", wait_seconds=60)
    try:
        return with_file.next_offset(ORDER_LIFECYCLE.name, 0, topic_ids(log)[ORDER_LIFECYCLE.name])
    finally:
        with_file.close()


def answers(process: Process) -> bool:
    """Whether reports are answered."""
    try:
        return httpx.get(f"http://127.0.0.1:{process.reports_port}/version").status_code == 200
    except httpx.TransportError:
        return False


def known_through(process: Process) -> str | None:
    """The newest row that readers can see."""
    answer = httpx.get(f"http://127.0.0.1:{process.reports_port}/version").json()
    through: str | None = answer["known_through"]
    return through


class TestWriting:
    def test_rows_reach_duckdb_and_readers(self, log: KafkaSettings, ledger: Process, tmp_path: Path) -> None:
        put_rows(log, purchases(50))

        wait_until(lambda: answers(ledger) and known_through(ledger) is not None, process=ledger)
        wait_until(lambda: ledger.metric(ROWS_READ) == 100, process=ledger)
        assert ledger.end() == 0
        assert sorted(row_ids(tmp_path)) == sorted(str(row.row_id) for row in rows(log))

    def test_a_record_that_is_no_row_does_not_stop_those_behind_it(
        self, log: KafkaSettings, ledger: Process, tmp_path: Path
    ) -> None:
        put(log, [(ORDER_LIFECYCLE.name, b"site-1", b"no row", []), (ORDER_LIFECYCLE.name, b"x", None, [])])
        put_rows(log, purchases(1))

        wait_until(lambda: ledger.metric(ROWS_READ) == 4, process=ledger)
        assert ledger.end() == 0
        assert len(row_ids(tmp_path)) == 2

    def test_after_kill_9_in_the_middle_the_ledger_holds_the_log_exactly(
        self, log: KafkaSettings, tmp_path: Path
    ) -> None:
        put_rows(log, purchases(4000))

        with running(log, tmp_path, "ledger") as first:
            wait_until(lambda: first.ready() and first.metric(ROWS_READ) > 0, process=first)
            first.kill()
        part = len(row_ids(tmp_path))
        put_rows(log, purchases(10))
        with running(log, tmp_path, "ledger") as second:
            wait_until(lambda: second.ready() and second.metric(ROWS_READ) >= 8020 - part, process=second)
            assert second.end() == 0

        assert sorted(row_ids(tmp_path)) == sorted(str(row.row_id) for row in rows(log))
        assert next_offset(log, tmp_path) == rows_count(log)

    def test_a_lost_file_is_filled_again_from_the_first_row(self, log: KafkaSettings, tmp_path: Path) -> None:
        """What the group has committed doesn't count: DuckDB says where to begin."""
        put_rows(log, purchases(20))
        with running(log, tmp_path, "ledger") as first:
            wait_until(lambda: first.ready() and first.metric(ROWS_READ) == 40, process=first)
            assert first.end() == 0
        (tmp_path / "ledger.duckdb").unlink()

        with running(log, tmp_path, "ledger") as second:
            wait_until(lambda: second.ready() and second.metric(ROWS_READ) == 40, process=second)
            assert second.end() == 0

        assert len(row_ids(tmp_path)) == 40

    def test_every_record_that_the_worker_committed_is_accounted_for(
        self, log: KafkaSettings, ledger: Process, tmp_path: Path
    ) -> None:
        put(log, [*purchases(3), (PLAN_ORDERS.name, b"site-1", b"nonsense", [])])

        with running(log, tmp_path, "worker") as worker:
            wait_until(lambda: worker.ready() and rows_count(log) >= 7, process=worker)
            wait_until(lambda: _conserved(ledger).get("committed") == 4, process=ledger)

        assert _conserved(ledger) == {"committed": 4, "dead": 1, "missing": 0}


class TestStarting:
    def test_without_a_broker_reports_are_answered(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        nowhere = f"127.0.0.1:{free_port()}"

        with running(kafka, tmp_path, "ledger", KAFKA_BOOTSTRAP_SERVERS=nowhere) as ledger:
            wait_until(lambda: answers(ledger), process=ledger)
            wait_until(lambda: "waiting for Kafka" in ledger.log, process=ledger)
            assert ledger.end() == 0

    def test_dealt_nothing_by_a_broker_that_has_just_started_it_soon_asks_again(
        self, log: KafkaSettings, tmp_path: Path
    ) -> None:
        put_rows(log, purchases(3))

        with running(log, tmp_path, module="tests.streams.blind_ledger") as blind:
            wait_until(lambda: blind.metric(ROWS_READ) == 6, process=blind)

            assert "No partition metadata for topic" in blind.log

    def test_a_second_process_says_who_has_the_file_waits_and_takes_over(
        self, log: KafkaSettings, ledger: Process, tmp_path: Path
    ) -> None:
        wait_until(lambda: answers(ledger), process=ledger)

        with running(log, tmp_path, "ledger") as second:
            wait_until(lambda: "Waiting for it." in second.log, process=second)
            assert "(process " in second.log
            assert ledger.end() == 0
            wait_until(lambda: answers(second), process=second)

    def test_as_long_as_it_runs_no_rebuild_may_change_the_file(self, ledger: Process, tmp_path: Path) -> None:
        wait_until(lambda: answers(ledger), process=ledger)
        own = ownership(tmp_path / "ledger.duckdb")

        with pytest.raises(Timeout):
            own.acquire(blocking=False)

        assert ledger.end() == 0
        own.acquire(blocking=False)
        own.release()

    def test_while_it_waits_for_the_file_it_ends_when_told(
        self, log: KafkaSettings, ledger: Process, tmp_path: Path
    ) -> None:
        wait_until(lambda: answers(ledger), process=ledger)

        with running(log, tmp_path, "ledger") as second:
            wait_until(lambda: "Waiting for it." in second.log, process=second)
            assert second.end() == 0

    def test_it_refuses_to_be_open_to_the_world_without_a_token(
        self, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        settings = {"REPORTS_HOST": "0.0.0.0", "LEDGER_PATH": str(tmp_path / "new.duckdb")}
        with running(kafka, tmp_path, "ledger", **settings) as ledger:
            assert ledger.exit_code() == 1

            assert "REPORTS_TOKEN" in ledger.log
            assert not (tmp_path / "new.duckdb").exists()

    def test_with_a_token_it_may_be_and_asks_for_it(self, log: KafkaSettings, tmp_path: Path) -> None:
        with running(log, tmp_path, "ledger", REPORTS_HOST="0.0.0.0", REPORTS_TOKEN="secret") as ledger:
            address = f"http://127.0.0.1:{ledger.reports_port}/reports"
            wait_until(lambda: _status(address) == 401, process=ledger)

            allowed = httpx.get(address, headers={"Authorization": "Bearer secret"})

            assert allowed.status_code == 200

    def test_another_log_under_the_ledger_is_a_named_refusal(
        self, log: KafkaSettings, ledger: Process, tmp_path: Path
    ) -> None:
        put_rows(log, purchases(1))
        wait_until(lambda: ledger.ready() and ledger.metric(ROWS_READ) == 2, process=ledger)
        assert ledger.end() == 0
        _make_anew(log)

        with running(log, tmp_path, "ledger") as second:
            assert second.exit_code() == 1

            assert "another log" in second.log
            assert "LEDGER_PATH" in second.log
            assert "Traceback" not in second.log


def _status(address: str) -> int:
    try:
        return httpx.get(address).status_code
    except httpx.TransportError:
        return 0


def _conserved(ledger: Process) -> dict[str, int]:
    """What the report `conservation` says of the plan orders; nothing before reports are answered."""
    if not answers(ledger):
        return {}
    address = f"http://127.0.0.1:{ledger.reports_port}/reports/conservation"
    answer = httpx.get(address, headers={"Accept": "application/json"}, timeout=30)
    found = [row for row in answer.json()["rows"] if row["topic"] == PLAN_ORDERS.name]
    return {name: row[name] for row in found for name in ("committed", "dead", "missing")}


def _make_anew(log: KafkaSettings) -> None:
    """The topic of rows with the same name and another id."""
    before = topic_ids(log)[ORDER_LIFECYCLE.name]
    admin = KafkaAdminClient(**log.kafka_python_options())
    try:
        admin.delete_topics([ORDER_LIFECYCLE.full_name(log.topic_prefix)])
    finally:
        admin.close()
    wait_until(lambda: topic_ids(log).get(ORDER_LIFECYCLE.name) != before)
    ensure_topics(log)
