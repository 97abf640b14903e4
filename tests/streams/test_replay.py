"""Replay: the same rows from the same log, a new ledger in place of the old, and no way to a customer."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from analytics.lifecycle import LifecycleRow
from ingest.settings import KafkaSettings
from ingest.topics import FULFILLMENTS, PAYMENTS, PLAN_ORDERS
from streams.commands.replay import replay_group
from streams.hand_over import hand_over
from streams.ledger_seat import failed_path
from streams.running import Refusal
from tests.streams.event_records import a_payment
from tests.streams.on_the_log import make_topics, purchases, put, put_rows, rows, rows_count
from tests.streams.processes import Process, running, wait_until
from tests.streams.test_ledger_process import ROWS_READ, answers, known_through, row_ids

FORBIDDEN = ("streams.runner", "streams.outbox", "streams.wix", "streams.notice", "streams.shipment", "httpx")


@pytest.fixture
def log(kafka: KafkaSettings) -> KafkaSettings:
    """A log with its topics."""
    make_topics(kafka)
    return kafka


def replay(kafka: KafkaSettings, data_dir: Path, *command: str) -> str:
    """What a replay said; it ended well."""
    with running(kafka, data_dir, "replay", *command) as process:
        assert process.exit_code() == 0, process.log
        return process.log


class TestReach:
    def test_nothing_it_loads_knows_the_outbox_the_runner_or_wix(self) -> None:
        told = f"import sys, streams.commands.replay; print([m for m in {FORBIDDEN} if m in sys.modules])"

        loaded = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)

        assert loaded.stdout.strip() == "[]"


class TestUsage:
    def test_a_stretch_that_ends_before_it_begins_is_refused(self) -> None:
        stretch = ["rederive", "--from", "2026-02-01", "--to", "2026-01-01T08:30:00Z"]

        said = CliRunner().invoke(replay_group, stretch)

        assert said.exit_code == 2
        assert "--from 2026-02-01T00:00:00.000000Z is not before --to 2026-01-01T08:30:00" in said.output

    def test_what_is_no_time_is_refused(self) -> None:
        said = CliRunner().invoke(replay_group, ["rederive", "--from", "yesterday"])

        assert said.exit_code == 2
        assert "'yesterday' is no ISO 8601 time" in said.output


@pytest.mark.kafka
class TestRederive:
    def test_it_makes_the_rows_that_the_worker_made(self, log: KafkaSettings, tmp_path: Path) -> None:
        put(log, [*purchases(5), a_payment()])
        with running(log, tmp_path, "worker") as worker:
            wait_until(lambda: len(_from_events(log)) == 12, process=worker)
            assert worker.end() == 0
        made = _from_events(log)

        said = replay(log, tmp_path, "rederive")

        assert "6 records gave 12 rows" in said
        again = Counter(row.to_bytes() for row in _from_events(log))
        assert again == Counter(2 * [row.to_bytes() for row in made])

    def test_what_cant_be_read_is_counted_and_the_rest_made(self, log: KafkaSettings, tmp_path: Path) -> None:
        put(log, [(PAYMENTS.name, b"site-1", b"nonsense", []), a_payment()])

        said = replay(log, tmp_path, "rederive")

        assert "1 records gave none: missing_header" in said
        assert "Events are on the log from (UTC): payments 20" in said
        assert rows_count(log) == 2

    def test_it_says_that_nothing_older_than_the_log_can_be_made_again(
        self, log: KafkaSettings, tmp_path: Path
    ) -> None:
        put(log, [a_payment()])
        moment = datetime.now(UTC).isoformat()

        said = replay(log, tmp_path, "rederive", "--from", "2000-01-01")

        assert "Nothing older can be re-derived of: payments." in said
        assert "1 records gave 2 rows" in said
        assert "Nothing older" not in replay(log, tmp_path, "rederive", "--from", moment)

    def test_a_topic_a_site_and_a_stretch_of_time_narrow_it(self, log: KafkaSettings, tmp_path: Path) -> None:
        first, second = purchases(2)
        put(log, [first, second, a_payment()])
        moment = datetime.now(UTC).isoformat()

        assert "0 records" in replay(log, tmp_path, "rederive", "--topic", FULFILLMENTS.name)
        assert "0 records" in replay(log, tmp_path, "rederive", "--from", moment)
        assert "1 records" in replay(log, tmp_path, "rederive", "--site", first.instance_id, "--to", moment)
        assert "2 records" in replay(log, tmp_path, "rederive", "--topic", PLAN_ORDERS.name)


@pytest.mark.kafka
class TestRebuild:
    def test_without_an_owner_it_puts_the_new_file_in_place_itself(
        self, log: KafkaSettings, tmp_path: Path
    ) -> None:
        put_rows(log, purchases(30))

        said = replay(log, tmp_path, "rebuild")

        assert "no process had it open" in said
        assert sorted(row_ids(tmp_path)) == sorted(str(row.row_id) for row in rows(log))
        assert not list(tmp_path.glob("*.next*"))

    def test_a_running_owner_takes_it_over_and_goes_on(self, log: KafkaSettings, tmp_path: Path) -> None:
        put_rows(log, purchases(30))
        with running(log, tmp_path, "ledger") as owner:
            wait_until(lambda: owner.ready() and owner.metric(ROWS_READ) == 60, process=owner)
            wait_until(lambda: known_through(owner) is not None, process=owner)

            said = replay(log, tmp_path, "rebuild")

            assert "by its owner" in said
            put_rows(log, purchases(5))
            wait_until(lambda: owner.metric(ROWS_READ) == 70, process=owner)
            wait_until(lambda: answers(owner), process=owner)
            assert owner.end() == 0
        assert sorted(row_ids(tmp_path)) == sorted(str(row.row_id) for row in rows(log))

    def test_a_rebuild_that_was_broken_off_does_no_harm(self, log: KafkaSettings, tmp_path: Path) -> None:
        put_rows(log, purchases(3))
        (tmp_path / "ledger.duckdb.next").write_bytes(b"half a file")

        replay(log, tmp_path, "rebuild")

        assert len(row_ids(tmp_path)) == 6

    def test_a_file_that_is_no_ledger_is_set_aside_and_the_owner_goes_on(
        self, log: KafkaSettings, tmp_path: Path
    ) -> None:
        with running(log, tmp_path, "ledger") as owner:
            wait_until(owner.ready, process=owner)
            (tmp_path / "ledger.duckdb.next.ready").write_bytes(b"half a file")

            wait_until(lambda: (tmp_path / "ledger.duckdb.next.failed").exists(), process=owner)
            put_rows(log, purchases(1))
            _reads(owner, 2)
            assert owner.ready()


def _reads(owner: Process, number: int) -> None:
    wait_until(lambda: owner.metric(ROWS_READ) == number, process=owner)


def _from_events(log: KafkaSettings) -> list[LifecycleRow]:
    """The rows of events, without what came of their effects meanwhile."""
    return [row for row in rows(log) if row.source is not None]


class TestHandOver:
    async def test_a_rebuild_that_the_owner_set_aside_is_no_success(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger.duckdb"
        failed_path(path).touch()

        with pytest.raises(Refusal, match=r"ledger\.duckdb\.next\.failed"):
            await hand_over(path, wait_seconds=0)
