"""The embedded Kafka: real, quick, quiet, and it keeps what it acknowledged."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient

from sandbox.__main__ import main
from sandbox.broker import BrokerNotReady, DataInUse, EmbeddedBroker, NoKafkaHome, PortTaken, free_port
from sandbox.broker_files import NewerData
from sandbox.broker_settings import BrokerSettings
from tests.sandbox.test_java import a_java
from tests.source_tree import ROOT

LOG = TopicPartition("kept", 0)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    """One broker for the tests that only look at it."""
    with EmbeddedBroker(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


def write(broker: EmbeddedBroker, value: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, acks="all")
    try:
        producer.send(LOG.topic, value).get(timeout=30)
    finally:
        producer.close()


def read(broker: EmbeddedBroker, count: int) -> list[bytes]:
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest")
    try:
        consumer.assign([LOG])
        consumer.seek_to_beginning(LOG)
        found: list[bytes] = []
        while len(found) < count:
            found += [one.value for batch in consumer.poll(timeout_ms=30_000).values() for one in batch]
        return found
    finally:
        consumer.close()


def make_topic(broker: EmbeddedBroker) -> None:
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    try:
        admin.create_topics({LOG.topic: {"num_partitions": 1, "replication_factor": 1}})
    finally:
        admin.close()


@pytest.mark.kafka
class TestLife:
    def test_what_was_acknowledged_outlives_a_stop_and_a_kill(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Also: the same data and port work again, in the same object and in another.

        And what Java has read once is kept: the next start has it all in one file.
        """
        classes = tmp_path / "classes"
        monkeypatch.setattr("sandbox.broker.classes_folder", lambda: classes)
        first = EmbeddedBroker(tmp_path)
        try:
            first.start()
            make_topic(first)
            write(first, b"before the stop")
            first.stop()
            (kept,) = classes.iterdir()
            first.start()
            assert str(kept) in {one.path for one in psutil.Process(first.pid).memory_maps()}
            write(first, b"before the kill")
            first.kill()
        finally:
            first.stop()

        with EmbeddedBroker(tmp_path, first.port) as second:
            assert second.bootstrap == first.bootstrap
            assert read(second, 2) == [b"before the stop", b"before the kill"]

    def test_it_stands_outside_our_process_group(self, running: EmbeddedBroker) -> None:
        """Ctrl-C in a terminal reaches a whole group; a demo wants to stop things in order."""
        assert running.pid is not None
        assert os.getpgid(running.pid) == running.pid != os.getpgid(0)

    def test_starting_what_runs_changes_nothing(self, running: EmbeddedBroker) -> None:
        before = running.pid

        running.start()

        assert running.pid == before

    def test_a_stopped_broker_leaves_no_process(self, tmp_path: Path) -> None:
        with EmbeddedBroker(tmp_path) as broker:
            process = psutil.Process(broker.pid)

        assert not process.is_running()
        assert broker.pid is None
        assert not broker.is_running()


class TestRefusals:
    @pytest.mark.kafka
    def test_a_second_broker_on_the_same_data_is_told_who_has_it(self, running: EmbeddedBroker) -> None:
        second = EmbeddedBroker(running.log.parents[1])

        with pytest.raises(DataInUse, match=f"process id {running.pid}.*or choose another data folder"):
            second.start()

    @pytest.mark.kafka
    def test_a_taken_port_offers_to_use_who_is_there(self, tmp_path: Path) -> None:
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            port = holder.getsockname()[1]

            with pytest.raises(PortTaken) as refusal:
                EmbeddedBroker(tmp_path, port).start()

        assert str(refusal.value) == (
            f"Port {port} is in use; set KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:{port} to use that broker, "
            "or choose another port."
        )

    @pytest.mark.kafka
    def test_data_of_a_newer_kafka_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "kafka-4.10.0").mkdir()

        with pytest.raises(NewerData, match=r"was written by Kafka 4\.10\.0; this is 4\.3\.1"):
            EmbeddedBroker(tmp_path).start()

        assert [path.name for path in tmp_path.glob("kafka-*")] == ["kafka-4.10.0"]

    def test_a_kafka_home_without_kafka_is_named(self, tmp_path: Path) -> None:
        settings = BrokerSettings(kafka_home=tmp_path)

        with pytest.raises(NoKafkaHome, match=r"holds no kafka_2\.13-\*\.jar"):
            EmbeddedBroker(tmp_path, settings=settings).start()

    def test_a_kafka_that_dies_at_its_start_shows_its_last_words(self, tmp_path: Path) -> None:
        broker = EmbeddedBroker(tmp_path, settings=fake_kafka(tmp_path, "echo out of luck; exit 3"))

        with pytest.raises(BrokerNotReady, match=r"exit code 3\). Last lines of .*kafka.log:\nout of luck"):
            broker.start()

    def test_a_kafka_that_never_answers_is_given_up_and_ended(self, tmp_path: Path) -> None:
        settings = fake_kafka(tmp_path, "echo thinking; exec tail -f /dev/null")
        broker = EmbeddedBroker(tmp_path, settings=settings, start_seconds=0.3)

        with pytest.raises(BrokerNotReady, match=r"did not answer on 127.0.0.1:\d+ within 0.3 s. Last lines"):
            broker.start()

        assert not broker.is_running()


def fake_kafka(folder: Path, body: str) -> BrokerSettings:
    """A Java that is new enough and then does this instead of running Kafka."""
    (folder / "kafka" / "libs").mkdir(parents=True)
    (folder / "kafka" / "libs" / "kafka_2.13-4.3.1.jar").touch()
    home = a_java(folder / "java", "")
    answer = 'openjdk version "17.0.15"'
    (home / "bin" / "java").write_text(
        f"#!/bin/sh\nif [ \"$1\" = -version ]; then echo '{answer}' >&2; exit 0; fi\n{body}\n"
    )
    return BrokerSettings(kafka_home=folder / "kafka", java_home=home)


@pytest.mark.kafka
class TestCommand:
    @pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
    def test_it_runs_until_told_to_stop_and_leaves_nothing_behind(
        self, tmp_path: Path, by: signal.Signals
    ) -> None:
        port = free_port()
        arguments = ["-m", "sandbox", "broker", "--port", str(port), "--data-dir", str(tmp_path)]
        with subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as run:
            assert run.stdout is not None
            said = run.stdout.readline()
            children = psutil.Process(run.pid).children()

            run.send_signal(by)

            assert run.wait(60) == 0
        assert f"answers on 127.0.0.1:{port}" in said
        assert [child for child in children if child.is_running()] == []

    def test_what_goes_wrong_is_one_sentence_and_exit_code_1(self, tmp_path: Path) -> None:
        (tmp_path / "kafka-9.0.0").mkdir()
        arguments = ["-m", "sandbox", "broker", "--port", str(free_port()), "--data-dir", str(tmp_path)]

        run = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )

        assert run.returncode == 1
        assert run.stderr.startswith(f"Error: {tmp_path} was written by Kafka 9.0.0")
        assert "Traceback" not in run.stderr

    @pytest.mark.parametrize(
        ("arguments", "port"), [(["broker"], "abc"), (["broker"], "70000"), (["demo", "--once"], "abc")]
    )
    def test_a_port_that_is_none_is_one_sentence_and_exit_code_2(
        self, arguments: list[str], port: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("KAFKA_PORT", port)
        monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)

        refused = CliRunner().invoke(main, arguments)

        assert refused.exit_code == 2
        assert "KAFKA_PORT: Input should be" in refused.output
