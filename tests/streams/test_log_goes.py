"""A command of a person under which Kafka goes away says so, waits, and ends at Ctrl-C with code 130."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self
from uuid import uuid4

import pytest

from analytics.ledger import Ledger
from ingest.settings import KafkaSettings
from sandbox.broker import EmbeddedBroker
from streams.rebuild import TOPIC, begun, fill, log_id, rows_end
from streams.rows import RowPublisher
from tests.analytics.history import at, store_order
from tests.started import Started
from tests.streams.on_the_log import make_topics, purchases, put, rows_count
from tests.streams.processes import PATIENCE_SECONDS
from tests.streams.test_dead_letters_cli import a_letter, outbox_made, publish

__all__ = ["outbox_made"]

STOPPED = 130
REDERIVE = ("replay", "rederive", "--topic", "plan-orders")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    """One that may be killed."""
    with EmbeddedBroker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture
def log(broker: EmbeddedBroker) -> KafkaSettings:
    """Topics of the test's own, or each would work through what those before it left there."""
    if not broker.is_running():
        broker.start()
    kafka = KafkaSettings(
        _env_file=None, kafka_bootstrap_servers=broker.bootstrap, topic_prefix=f"test-{uuid4().hex[:8]}."
    )
    make_topics(kafka)
    return kafka


class Command:
    """`python -m streams …` as at a terminal: answers go in, what it says is read as it comes."""

    def __init__(self, kafka: KafkaSettings, folder: Path, *words: str) -> None:
        self._said = folder / "said.txt"
        environment = os.environ | {
            "KAFKA_BOOTSTRAP_SERVERS": kafka.kafka_bootstrap_servers,
            "TOPIC_PREFIX": kafka.topic_prefix,
            "DATA_DIR": str(folder),
            "OUTBOX_URL": "",
        }
        self._said.write_text("")
        answers = folder / f"answers-{time.monotonic_ns()}"
        os.mkfifo(answers)
        # For both, so that who opens it first waits for nobody.
        self._answers = answers.open("r+b", buffering=0)
        self.process = Started(
            "streams", *words, environment=environment, stdin=answers, stdout=self._said, stderr=self._said
        )

    @property
    def said(self) -> str:
        return self._said.read_text()

    def answer(self, text: str) -> None:
        self._answers.write(f"{text}\n".encode())

    def until_said(self, words: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while words not in self.said:
            assert time.monotonic() < deadline, self.said
            assert self.process.poll() is None, self.said
            time.sleep(0.05)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self._answers.close()

    def interrupted(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=PATIENCE_SECONDS)


class TestRederive:
    def test_it_waits_and_what_it_did_is_gone_on_with(
        self, broker: EmbeddedBroker, log: KafkaSettings, tmp_path: Path
    ) -> None:
        # So many that it can't be done before Kafka is gone.
        put(log, purchases(4000))
        with Command(log, tmp_path, *REDERIVE) as command:
            command.until_said("Events are on the log from")
            kill_under(broker, command)

            command.until_said("waiting for")
            assert command.interrupted() == STOPPED
            assert "The same command goes on where this one was." in command.said
            assert "Traceback" not in command.said

        broker.start()
        with Command(log, tmp_path, *REDERIVE) as again:
            assert again.process.wait(timeout=PATIENCE_SECONDS) == 0, again.said
        assert rows_count(log) >= 8000


class TestRebuild:
    async def test_it_waits_says_so_once_and_loses_nothing(
        self,
        broker: EmbeddedBroker,
        log: KafkaSettings,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        # So little at a time that most is still on the log when the first file is loaded.
        monkeypatch.setattr("streams.raw_log.FETCH_BYTES", 1)
        monkeypatch.setattr("streams.row_reader.SILENT_SECONDS", 0.5)
        async with RowPublisher(log) as publisher:
            await publisher.rows(store_order(f"o{number}", "approved", at(2)) for number in range(300))
        topic_id, end = await log_id(log), await rows_end(log)
        ledger, begin = await begun(tmp_path / "second.duckdb", topic_id)
        loaded: list[int] = []

        def tell(rows: int) -> None:
            if not loaded:
                broker.kill()
            loaded.append(rows)

        filling = asyncio.create_task(
            fill(ledger, log, topic_id, upto=end, stop=asyncio.Event(), tell=tell, rows_of_a_spool=50)
        )
        try:
            while "waiting for it" not in caplog.text:
                assert not filling.done()
                await asyncio.sleep(0.05)
            assert begin + sum(loaded) < end
            await asyncio.to_thread(broker.start)
            await filling

            assert caplog.text.count("waiting for it") == 1
            assert offsets(ledger) == list(range(end))
        finally:
            ledger.close()


@pytest.mark.usefixtures("outbox_made")
class TestDeadLetters:
    def test_a_redrive_waits_and_is_done_when_kafka_is_back(
        self, broker: EmbeddedBroker, log: KafkaSettings, tmp_path: Path
    ) -> None:
        publish(log, a_letter(0), a_letter(1))
        with Command(log, tmp_path, "dead-letters", "redrive", "--all") as command:
            command.until_said("Try these 2 dead letters again?")
            broker.kill()
            command.answer("y")

            command.until_said("Kafka went away")
            broker.start()

            assert command.process.wait(timeout=PATIENCE_SECONDS) == 0
            assert "2 records were sent again" in command.said

    def test_told_to_stop_it_ends(self, broker: EmbeddedBroker, log: KafkaSettings, tmp_path: Path) -> None:
        publish(log, a_letter(2), a_letter(3))
        with Command(log, tmp_path, "dead-letters", "redrive", "--all", "--yes") as command:
            command.until_said("plan-orders/0/2")
            kill_under(broker, command)

            command.until_said("waiting for")
            assert command.interrupted() == STOPPED
            assert "the same command sends the rest" in command.said
            assert "Traceback" not in command.said


def offsets(ledger: Ledger) -> list[int]:
    """Where on the topic of rows all that the ledger holds lay."""
    with ledger.present() as connection:
        found = connection.execute(
            "select lifecycle_offset from sources union all "
            f"select \"offset\" from row_errors where topic = '{TOPIC}'"
        )
        return sorted(offset for (offset,) in found.fetchall())


def kill_under(broker: EmbeddedBroker, command: Command) -> None:
    """Kafka is gone when the command looks next."""
    command.process.send_signal(signal.SIGSTOP)
    broker.kill()
    command.process.send_signal(signal.SIGCONT)
