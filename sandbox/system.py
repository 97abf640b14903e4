"""The whole product on one machine: every room a process of its own, started and stopped in order."""

import base64
import contextlib
import os
import secrets
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

import psutil

from sandbox.broker import EmbeddedBroker
from sandbox.keeper import Guardian, Keeper
from sandbox.ports import Ports, near_defaults, quiet_port
from sandbox.room import Room
from sandbox.stories.cast import Site
from sandbox.tell import handover_tokens, sites_toml
from sandbox.webhooks import Signer

# From the outside in, and back: who sends first stops first.
ROOMS = ("wix", "dashboard", "ingest", "ledger", "worker", "warehouse")
STOP_ORDER = ("warehouse", "dashboard", "ingest", "worker", "ledger", "wix")

REPOSITORY = Path(__file__).resolve().parent.parent


class System:
    """Starts the rooms that are asked for, waits for each, knows the addresses, stops everything.

    `environment` adds settings for all rooms (`READ_BACK_AFTER`, …). Where KAFKA_BOOTSTRAP_SERVERS is
    set, here or in the environment, that broker is used and none is started. With several `workers` the
    second one is the room `worker-2`, and so on. May be used as a context.

    Raises (from `start`): `sandbox.room.RoomNotReady`, and what the broker raises, each with what to do.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        sites: Iterable[Site] = (),
        ports: Ports | None = None,
        environment: Mapping[str, str] | None = None,
        warehouse_delay_seconds: float = 0.5,
        workers: int = 1,
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.ports = ports or near_defaults()
        self.sites = tuple(sites)
        # The internal port of each; the first one's is among the ports.
        self.workers = {"worker": self.ports.worker_internal} | {
            f"worker-{number}": quiet_port() for number in range(2, workers + 1)
        }
        self._warehouse_delay_seconds = warehouse_delay_seconds
        self._more = dict(environment or {})
        given = self._more.get("KAFKA_BOOTSTRAP_SERVERS") or os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
        self.broker = None if given else EmbeddedBroker(self.data_dir, self.ports.kafka)
        self.bootstrap = given or f"127.0.0.1:{self.ports.kafka}"
        self._token = secrets.token_urlsafe(24)
        self._access_secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self.rooms: dict[str, Room] = {}
        # A room that hangs is started again; none outlives this process.
        self._guardian = Guardian()
        self.keeper = Keeper(self.rooms, lambda room: self._guardian.watch(room.pid))

    @property
    def webhook_url(self) -> str:
        """Where Wix's webhooks go."""
        return f"http://127.0.0.1:{self.ports.ingest}/webhooks/wix"

    @property
    def handover_url(self) -> str:
        """Where a warehouse hands over."""
        return f"http://127.0.0.1:{self.ports.ingest}/handovers"

    @property
    def handover_token(self) -> str:
        """The warehouse's token."""
        return self._token

    @property
    def wix_url(self) -> str:
        """Wix's API, and the sandbox's admin routes."""
        return f"http://127.0.0.1:{self.ports.wix}"

    @property
    def access_url(self) -> str:
        """Where changes of access go: the sandbox's receiver."""
        return f"{self.wix_url}/access"

    @property
    def reports_url(self) -> str:
        """The report service."""
        return f"http://127.0.0.1:{self.ports.reports}"

    @property
    def dashboard_url(self) -> str:
        """The pages."""
        return f"http://127.0.0.1:{self.ports.dashboard}"

    @property
    def environment(self) -> dict[str, str]:
        """What every room finds in its environment."""
        return {**os.environ, **self._settings(), **self._more}

    @property
    def topic_prefix(self) -> str:
        """What stands before every topic's name."""
        return self.environment.get("TOPIC_PREFIX", "orderline.")

    def start(self, *names: str) -> None:
        """Start the rooms named, or all: the broker, the sandbox, then what needs them."""
        wanted = [name for room in ROOMS if room in (names or ROOMS) for name in self._named(room)]
        self.data_dir.mkdir(parents=True, exist_ok=True)
        Signer(self.data_dir)
        self._write_sites()
        without_broker = [name for name in wanted if name in ("wix", "dashboard")]
        self._launch(without_broker)
        if self.broker is not None:
            self.broker.start()
            self._guardian.watch(self.broker.pid)
        self.run("topics", "ingest", "topics")
        self._launch([name for name in wanted if name not in without_broker])
        for name in wanted:
            self.rooms[name].await_ready()
        self.keeper.start()

    def launch(self, *names: str) -> None:
        """Start rooms (again) that do not run; `start_room` also waits."""
        self._launch(names)

    def start_room(self, name: str) -> None:
        """Start one room (again) and wait until it is ready."""
        self._launch([name])
        self.rooms[name].await_ready()

    def restart(self, name: str) -> None:
        """Stop one room, start it, wait until it is ready."""
        self.rooms[name].stop()
        self.start_room(name)

    def kill(self, name: str) -> None:
        """End one room at once (`kill -9`)."""
        self.rooms[name].kill()

    def run(self, name: str, *arguments: str, settings: Mapping[str, str] | None = None) -> str:
        """Run a command of a room to its end (`python -m …`), with other settings; what it printed.

        Raises:
            sandbox.room.RoomNotReady: it failed; the message ends in the last lines of its log.
        """
        log = self.data_dir / "logs" / f"{name}.log"
        before = log.stat().st_size if log.exists() else 0
        room = self._room(name, arguments, settings or {})
        room.start()
        room.finish()
        return log.read_bytes()[before:].decode(errors="replace")

    def stop(self) -> None:
        """Stop everything in order; afterwards no process of ours lives. A second Ctrl-C changes nothing."""
        with _undisturbed():
            self.keeper.stop()
            ours = psutil.Process().children(recursive=True)
            for name in (name for room in STOP_ORDER for name in self._named(room)):
                if name in self.rooms:
                    self.rooms[name].stop()
            if self.broker is not None:
                self.broker.stop()
            self._guardian.leave()
            for process in ours:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _launch(self, names: Iterable[str]) -> None:
        for name in names:
            command = _COMMANDS["worker" if name in self.workers else name]
            room = self.rooms.setdefault(name, self._room(name, command, self._own_settings(name)))
            room.start()
            self._guardian.watch(room.pid)

    def _named(self, room: str) -> tuple[str, ...]:
        return tuple(self.workers) if room == "worker" else (room,)

    def _room(self, name: str, arguments: Iterable[str], settings: Mapping[str, str]) -> Room:
        return Room(
            name,
            [sys.executable, "-m", *arguments],
            environment={**self.environment, **settings},
            log=self.data_dir / "logs" / f"{name}.log",
            ready_url=self._ready_urls().get(name),
        )

    def _ready_urls(self) -> dict[str, str]:
        internal = {
            "ingest": self.ports.ingest_internal,
            "ledger": self.ports.ledger_internal,
            "wix": self.ports.wix_internal,
            **self.workers,
        }
        ready = {name: f"http://127.0.0.1:{port}/readyz" for name, port in internal.items()}
        return {**ready, "dashboard": f"{self.dashboard_url}/_stcore/health"}

    def _own_settings(self, name: str) -> dict[str, str]:
        return {"WORKER_INTERNAL_PORT": str(self.workers[name])} if name in self.workers else {}

    def _settings(self) -> dict[str, str]:
        ports = self.ports
        return {
            "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]),
            "PYTHONUNBUFFERED": "1",
            "DATA_DIR": str(self.data_dir),
            "LEDGER_PATH": str(self.data_dir / "ledger.duckdb"),
            "OUTBOX_URL": "",
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap,
            "WIX_API_URL": self.wix_url,
            "WIX_APP_ID": "sandbox-app",
            "WIX_APP_SECRET": "sandbox-secret",
            "WIX_PUBLIC_KEYS": "",
            "WIX_PUBLIC_KEYS_FILE": str(self.data_dir / "sandbox" / "public.pem"),
            "WEBHOOK_URL": self.webhook_url,
            "INGEST_PORT": str(ports.ingest),
            "INGEST_INTERNAL_PORT": str(ports.ingest_internal),
            "WORKER_INTERNAL_PORT": str(ports.worker_internal),
            "LEDGER_INTERNAL_PORT": str(ports.ledger_internal),
            "SANDBOX_PORT": str(ports.wix),
            "SANDBOX_INTERNAL_PORT": str(ports.wix_internal),
            "REPORTS_PORT": str(ports.reports),
            "REPORTS_URL": self.reports_url,
            "REPORTS_TOKEN": "",
            "DASHBOARD_PORT": str(ports.dashboard),
            "SITES_FILE": str(self._sites_file),
            "SNAPSHOT_SECONDS": "1",
            "HANDOVER_URL": self.handover_url,
            "HANDOVER_TOKENS": self._handover_tokens(),
            "WAREHOUSE_TOKEN": self._token,
            "ACCESS_URL": self.access_url,
            "ACCESS_SECRET": self._access_secret,
            "WAREHOUSE_DELAY_SECONDS": str(self._warehouse_delay_seconds),
        }

    @property
    def _sites_file(self) -> Path:
        return self.data_dir / "sites.toml"

    def _write_sites(self) -> None:
        self._sites_file.write_text(sites_toml(self.sites))

    def _handover_tokens(self) -> str:
        if not self.sites:
            return ""
        return handover_tokens(self.sites, self._token)


_COMMANDS = {
    "wix": ("sandbox", "wix"),
    "dashboard": ("dashboard",),
    "ingest": ("ingest", "serve"),
    "ledger": ("streams", "ledger"),
    "worker": ("streams", "worker"),
    "warehouse": ("sandbox", "warehouse"),
}


@contextmanager
def stopping_on_signals() -> Iterator[None]:
    """SIGTERM and a closed terminal stop a run as Ctrl-C does, so that nothing is left behind.

    SIGINT is asked for as well: a shell starts background jobs with it ignored.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl-C is ignored meanwhile; only the main thread may ask for that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
