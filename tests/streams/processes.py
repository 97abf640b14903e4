"""`python -m streams …` as processes of their own, on the tests' broker and a folder of the test's."""

import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from ingest.settings import KafkaSettings
from tests.empty_ledger import lay_ledger
from tests.started import Started

PATIENCE_SECONDS = 90.0
LOG_BYTES = 64 * 1024
# How many times as long as asking took it is waited before asking again.
PAUSE = 4


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """One command, its ports and its log."""

    def __init__(
        self, kafka: KafkaSettings, data_dir: Path, *command: str, module: str = "streams", **settings: str
    ) -> None:
        self.internal_port, self.reports_port = free_port(), free_port()
        if command[:1] == ("ledger",) and not (data_dir / "ledger.duckdb").exists():
            lay_ledger(data_dir / "ledger.duckdb")
        self.log_file = data_dir / f"{'-'.join(command[:2])}-{time.time_ns()}.log"
        environment = os.environ | {
            "KAFKA_BOOTSTRAP_SERVERS": kafka.kafka_bootstrap_servers,
            "TOPIC_PREFIX": kafka.topic_prefix,
            "DATA_DIR": str(data_dir),
            "WORKER_INTERNAL_PORT": str(self.internal_port),
            "LEDGER_INTERNAL_PORT": str(self.internal_port),
            "REPORTS_PORT": str(self.reports_port),
            "SNAPSHOT_SECONDS": "0.5",
            # Nobody answers there: effects stay in the outbox.
            "WIX_API_URL": "http://127.0.0.1:9",
            **settings,
        }
        self._process = Started(
            module, *command, environment=environment, stdout=self.log_file, stderr=self.log_file
        )

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self.log_file.read_text()

    def lacks(self) -> str:
        """What it says that it lacks before it is ready; empty where it is ready or silent."""
        try:
            answer = httpx.get(f"http://127.0.0.1:{self.internal_port}/readyz")
        except httpx.TransportError:
            return ""
        return "" if answer.status_code == 200 else answer.text

    def ready(self) -> bool:
        """Whether it says that it does its work."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.internal_port}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def metric(self, line: str) -> float:
        """One figure of /metrics; 0 when it isn't there yet."""
        try:
            text = httpx.get(f"http://127.0.0.1:{self.internal_port}/metrics").text
        except httpx.TransportError:
            return 0.0
        found = [each for each in text.splitlines() if each.startswith(f"{line} ")]
        return float(found[0].split()[-1]) if found else 0.0

    def fill_disk(self) -> None:
        """From now on no file of its grows beyond what a log takes."""
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (LOG_BYTES, LOG_BYTES))

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.wait()

    def interrupt(self) -> None:
        """Ctrl+C."""
        self._process.send_signal(signal.SIGINT)

    def end(self) -> int:
        """SIGTERM; the exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self.exit_code()

    def exit_code(self) -> int:
        """The exit code, once it ends."""
        return self._process.wait(timeout=PATIENCE_SECONDS)


@contextmanager
def running(
    kafka: KafkaSettings, data_dir: Path, *command: str, module: str = "streams", **settings: str
) -> Iterator[Process]:
    """A process that doesn't outlive the test."""
    process = Process(kafka, data_dir, *command, module=module, **settings)
    try:
        yield process
    finally:
        process.kill()


def wait_until(met: Callable[[], bool], *, process: Process | None = None) -> None:
    """Return once the condition holds; fail with the process's log if it never does."""
    begun = asked = time.monotonic()
    while not met():
        now = time.monotonic()
        if now > begun + PATIENCE_SECONDS:
            raise AssertionError(f"it never came to pass; the log says:\n{process.log if process else ''}")
        # To ask is not to take the time of who is waited for.
        time.sleep(min(max(0.1, PAUSE * (now - asked)), 1.0))
        asked = time.monotonic()
