"""What all tests share: a real Kafka, from testcontainers where Docker answers, else the embedded one."""

import gc
import os
import signal
import ssl
import uuid
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from docker.errors import DockerException
from hypothesis import HealthCheck, settings

from ingest.settings import KafkaSettings
from tests.kafka_container import IMAGE, ApacheKafkaContainer, docker_answers
from tests.left_behind import taken_back
from tests.one_kafka import OneKafka
from tests.side_by_side import SideBySide, rank

USED_KAFKA = pytest.StashKey[str]()
EMBEDDED_KAFKA = pytest.StashKey[OneKafka]()


class TestKafka(KafkaSettings):
    """The tests' broker with a prefix of the test's own, so that no test sees another's topics."""

    __test__ = False

    @property
    def bootstrap(self) -> str:
        """Where it listens."""
        return self.kafka_bootstrap_servers


def pytest_configure() -> None:
    """A run that is told to stop (a time limit of CI, a closed terminal) still stops what it started."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    # A shell starts what runs behind it with SIGINT ignored, by which xdist ends its processes.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # How long an example takes is the machine's matter.
    settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("patient")
    # An HTTP client reads the certificates of all authorities, which takes longer than most tests.
    setattr(ssl, "create_default_context", cache(ssl.create_default_context))  # noqa: B010 – for mypy


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def pytest_report_header() -> str:
    """Which Kafka the tests that need one will run on."""
    if given := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        return f"kafka: the broker at {given} (KAFKA_BOOTSTRAP_SERVERS)"
    if docker_answers():
        return f"kafka: {IMAGE} by testcontainers"
    return "kafka: the embedded Apache Kafka 4.3.1 (no Docker daemon answers)"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SideBySide:
    """Side by side, tests that share something stay together."""
    return SideBySide(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None]:
    """What is collected stays to the end: to look for garbage among it took a fifth of collecting."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


def pytest_unconfigure() -> None:
    """DuckDB complains of whatever is left of it after everything was looked at for garbage."""
    gc.unfreeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """And the longest begin first."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: rank(item.nodeid))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Whichever tests run in this process, and in whichever order, each finds the same."""
    with taken_back():
        return (yield)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """One of the processes that ran tests side by side has ended, and tells what it used."""
    if used := getattr(node, "workeroutput", {}).get("kafka"):
        node.config.stash[USED_KAFKA] = used


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Such a process tells it, and leaves the Kafka that it shares."""
    told = getattr(session.config, "workeroutput", {})
    if used := session.config.stash.get(USED_KAFKA, None):
        told["kafka"] = used
    # Here, where no time limit of a test goes on while it waits for the others.
    if kafka := session.config.stash.get(EMBEDDED_KAFKA, None):
        kafka.leave()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Which Kafka they did run on, if any test needed one."""
    if used := config.stash.get(USED_KAFKA, None):
        terminalreporter.write_line(f"kafka: ran on {used}")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Faust, aiokafka and uvloop are asyncio's."""
    return "asyncio"


@pytest.fixture(scope="session")
def kafka_bootstrap(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """One broker for the whole run."""
    used = request.config.stash
    if given := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        used[USED_KAFKA] = f"the broker at {given}"
        yield given
        return
    if container := _container():
        used[USED_KAFKA] = f"{IMAGE} by testcontainers"
        with container:
            yield container.get_bootstrap_server()
        return
    used[USED_KAFKA] = "the embedded Apache Kafka 4.3.1"
    kafka = used.setdefault(EMBEDDED_KAFKA, OneKafka(_folder_of_the_run(request.config, tmp_path_factory)))
    yield kafka.join()


@pytest.fixture
def kafka(kafka_bootstrap: str) -> TestKafka:
    """The broker, as settings with a fresh topic prefix."""
    return TestKafka(kafka_bootstrap_servers=kafka_bootstrap, topic_prefix=f"test-{uuid.uuid4().hex[:8]}.")


def _folder_of_the_run(config: pytest.Config, folders: pytest.TempPathFactory) -> Path:
    """The same in all processes that run tests side by side."""
    own = folders.getbasetemp()
    return (own.parent if hasattr(config, "workerinput") else own) / "kafka"


def _container() -> ApacheKafkaContainer | None:
    """A started container; None where Docker does not answer or can't get the image."""
    if not docker_answers():
        return None
    container = ApacheKafkaContainer()
    try:
        container.start(timeout=60)
    except (DockerException, TimeoutError):
        container.stop()
        return None
    return container
