"""The worker as a process on a real Kafka: what it reads is in the outbox and among the rows."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from analytics.lifecycle import DeadLetterFacts, QuotaFacts
from ingest.admin import committed
from ingest.settings import KafkaSettings
from ingest.topics import DEAD_LETTERS, PLAN_ORDERS
from streams.change import Wanted
from streams.outbox import Outbox
from streams.quota_share import QUOTA_FILE, CommandQuota
from streams.settings import OutboxSettings
from tests.streams.on_the_log import make_topics, purchases, put, records, rows, rows_count
from tests.streams.processes import Process, free_port, running, wait_until

pytestmark = pytest.mark.kafka

NONSENSE = (PLAN_ORDERS.name, b"site-1", b"not JSON", [("event-type", b"odd"), ("event-id", b"\xff")])


@pytest.fixture
def log(kafka: KafkaSettings) -> KafkaSettings:
    """A log with its topics."""
    make_topics(kafka)
    return kafka


@pytest.fixture
def worker(log: KafkaSettings, tmp_path: Path) -> Iterator[Process]:
    with running(log, tmp_path, "worker") as process:
        yield process


def effect_keys(data_dir: Path) -> set[str]:
    """What the outbox holds."""

    async def ask() -> set[str]:
        outbox = Outbox(OutboxSettings(data_dir=data_dir))
        await outbox.open()
        try:
            return {one.held.effect.key for one in await outbox.listing(Wanted(), limit=100_000)}
        finally:
            await outbox.close()

    return asyncio.run(ask())


class TestReading:
    def test_an_event_becomes_rows_and_its_effect_is_in_the_outbox(
        self, log: KafkaSettings, worker: Process, tmp_path: Path
    ) -> None:
        (event,) = purchases(1)

        put(log, [event])

        wait_until(lambda: rows_count(log) >= 2, process=worker)
        happened, due = rows(log)[:2]
        assert (happened.what, happened.event_id) == ("purchased", event.event_id)
        assert due.what == "effect_due"
        assert effect_keys(tmp_path) == {due.entity_id}

    def test_a_record_that_cant_be_read_is_put_aside_whole_and_the_next_is_handled(
        self, log: KafkaSettings, worker: Process
    ) -> None:
        """The next one is of the same site, so it lies behind it in the same partition."""
        event = replace(purchases(1)[0], instance_id="site-1")

        put(log, [NONSENSE, event])

        wait_until(lambda: any(row.event_id == event.event_id for row in rows(log)), process=worker)
        wait_until(lambda: any(isinstance(row.facts, DeadLetterFacts) for row in rows(log)), process=worker)
        (letter,) = records(log, DEAD_LETTERS.name)
        assert (letter.key, letter.value) == (b"site-1", b"not JSON")
        assert [header for header in letter.headers if header[0] in ("event-type", "event-id")] == NONSENSE[3]
        (row,) = [row for row in rows(log) if isinstance(row.facts, DeadLetterFacts)]
        assert dict(letter.headers)["source"].decode() == row.entity_id
        assert row.source is not None
        assert row.source.topic == PLAN_ORDERS.name

    def test_the_counters_say_what_was_read_and_what_put_aside(
        self, log: KafkaSettings, worker: Process
    ) -> None:
        put(log, [*purchases(3), NONSENSE])

        wait_until(worker.ready, process=worker)
        wait_until(lambda: worker.metric('orderline_records_total{topic="plan-orders"}') == 4, process=worker)
        assert worker.metric('orderline_dead_letters_total{reason="bad_header"}') == 1


class TestTelling:
    def test_requests_that_commands_made_beside_it_become_rows(
        self, log: KafkaSettings, worker: Process, tmp_path: Path
    ) -> None:
        an_hour_ago = time.time() - 3600
        CommandQuota(tmp_path / QUOTA_FILE, 40, now=lambda: an_hour_ago).take("site-1")

        wait_until(lambda: any(row.what == "quota" for row in rows(log)), process=worker)

        (row,) = [row for row in rows(log) if row.what == "quota"]
        assert isinstance(row.facts, QuotaFacts)
        assert (row.instance_id, row.facts.calls, row.facts.limit) == ("site-1", 1, 200)
        assert row.happened_at.timestamp() == an_hour_ago // 60 * 60


class TestEnding:
    def test_kill_9_loses_nothing(self, log: KafkaSettings, tmp_path: Path) -> None:
        events = purchases(1500)
        put(log, events)

        with running(log, tmp_path, "worker") as first:
            wait_until(lambda: rows_count(log) > 100, process=first)
            first.kill()
        with running(log, tmp_path, "worker") as second:
            expected = {event.event_id for event in events}
            wait_until(lambda: {row.event_id for row in rows(log)} >= expected, process=second)
            wait_until(lambda: len(effect_keys(tmp_path)) == 1500, process=second)

        due = {row.entity_id for row in rows(log) if row.what == "effect_due"}
        assert due == effect_keys(tmp_path)

    def test_sigterm_commits_what_was_read_and_exits_0(self, log: KafkaSettings, worker: Process) -> None:
        put(log, purchases(20))
        wait_until(lambda: _due_rows(log) == 20, process=worker)

        assert worker.end() == 0

        positions = committed(log, f"{log.topic_prefix}worker", [PLAN_ORDERS.name])
        assert sum(positions.values()) == 20, worker.log


class TestStarting:
    def test_without_topics_it_says_how_to_make_them(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        with running(kafka, tmp_path, "worker") as worker:
            assert worker.exit_code() == 1

            assert "python -m ingest topics" in worker.log
            assert "Traceback" not in worker.log

    def test_without_a_broker_it_waits_says_so_and_ends_when_told(
        self, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        nowhere = f"127.0.0.1:{free_port()}"

        with running(kafka, tmp_path, "worker", KAFKA_BOOTSTRAP_SERVERS=nowhere) as worker:
            wait_until(lambda: "waiting for Kafka" in worker.log, process=worker)
            assert worker.end() == 0

            assert nowhere in worker.log
            assert "Traceback" not in worker.log

    def test_a_taken_port_is_named_with_the_setting_that_moves_it(
        self, log: KafkaSettings, worker: Process, tmp_path: Path
    ) -> None:
        wait_until(worker.ready, process=worker)
        taken = str(worker.internal_port)

        with running(log, tmp_path, "worker", WORKER_INTERNAL_PORT=taken) as second:
            assert second.exit_code() == 1

            assert taken in second.log
            assert "WORKER_INTERNAL_PORT" in second.log


class TestLostPosition:
    @pytest.fixture
    def forgotten(self, log: KafkaSettings, tmp_path: Path) -> KafkaSettings:
        """A group that has read before and of which the broker knows nothing any more."""
        put(log, purchases(5))
        with running(log, tmp_path, "worker") as worker:
            wait_until(lambda: rows_count(log) >= 10, process=worker)
            wait_until(lambda: _knows_group(log, tmp_path), process=worker)
            assert worker.end() == 0
        _forget(log)
        return log

    def test_it_stops_and_asks_where_to_begin(self, forgotten: KafkaSettings, tmp_path: Path) -> None:
        with running(forgotten, tmp_path, "worker") as worker:
            assert worker.exit_code() == 1

            assert "--from earliest" in worker.log
            assert "Traceback" not in worker.log

    def test_from_earliest_reads_all_again_and_adds_no_effect(
        self, forgotten: KafkaSettings, tmp_path: Path
    ) -> None:
        before = effect_keys(tmp_path)

        with running(forgotten, tmp_path, "worker", "--from", "earliest") as worker:
            wait_until(lambda: _due_rows(forgotten) == 10, process=worker)

            assert effect_keys(tmp_path) == before

    def test_from_latest_begins_with_what_comes_next(self, forgotten: KafkaSettings, tmp_path: Path) -> None:
        with running(forgotten, tmp_path, "worker", "--from", "latest") as worker:
            wait_until(worker.ready, process=worker)
            (event,) = purchases(1)
            put(forgotten, [event])
            wait_until(lambda: any(row.event_id == event.event_id for row in rows(forgotten)), process=worker)

            assert _due_rows(forgotten) == 6


def _due_rows(log: KafkaSettings) -> int:
    return sum(row.what == "effect_due" for row in rows(log))


def _knows_group(log: KafkaSettings, data_dir: Path) -> bool:
    async def ask() -> bool:
        outbox = Outbox(OutboxSettings(data_dir=data_dir))
        await outbox.open()
        try:
            return await outbox.knows_group(f"{log.topic_prefix}worker")
        finally:
            await outbox.close()

    return asyncio.run(ask())


def _forget(log: KafkaSettings) -> None:
    admin = KafkaAdminClient(**log.kafka_python_options())
    try:
        admin.delete_groups([f"{log.topic_prefix}worker"])
    finally:
        admin.close()
