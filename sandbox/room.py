"""One room of the product as a process of its own: started, awaited, stopped or killed."""

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

READY_SECONDS = 60.0
LAST_LINES = 15


class RoomNotReady(Exception):
    """A room ended by itself or did not get ready; the message ends in the last lines of its log."""

    def __init__(self, name: str, what: str, log: Path) -> None:
        self.name = name
        super().__init__(f"{name} {what}. Last lines of {log}:\n{last_lines(log)}")


class Room:
    """A process in a process group of its own, so that Ctrl-C at the terminal doesn't reach it."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        ready_url: str | None = None,
        stop_seconds: float = 15.0,
    ) -> None:
        self.name, self.log, self.ready_url = name, log, ready_url
        self._command, self._environment = list(command), dict(environment)
        self._stop_seconds = stop_seconds
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id, None while it isn't running."""
        return self._process.pid if self._process else None

    def is_running(self) -> bool:
        """Whether the process lives; it may have ended by itself."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How it ended by itself; None while it runs, and after it was stopped or killed here."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Start the process; `await_ready` tells when it takes traffic."""
        if self.is_running():
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 – our own commands, no shell
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def await_ready(self, *, seconds: float = READY_SECONDS) -> None:
        """Return when its readiness route answers 200.

        Raises:
            RoomNotReady: it ended, or the time is over.
        """
        deadline = time.monotonic() + seconds
        # One client for all of it: making one takes half as long as is waited between two questions.
        with httpx.Client(timeout=2) as http:
            while not self._is_ready(http):
                if self._process is None or self._process.poll() is not None:
                    code = self._process.returncode if self._process else None
                    raise RoomNotReady(self.name, f"ended with exit code {code} while starting", self.log)
                if time.monotonic() > deadline:
                    raise RoomNotReady(self.name, f"was not ready within {seconds:g} s", self.log)
                time.sleep(0.05)

    def _is_ready(self, http: httpx.Client) -> bool:
        """Whether it lives and its readiness route, if it has one, answers 200."""
        if not self.is_running():
            return False
        if self.ready_url is None:
            return True
        try:
            return http.get(self.ready_url).status_code == 200
        except httpx.HTTPError:
            return False

    def finish(self, *, seconds: float = READY_SECONDS) -> None:
        """Wait until a one-shot command is through.

        Raises:
            RoomNotReady: it failed, or the time is over.
        """
        if self._process is None:
            return
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise RoomNotReady(self.name, f"was not through within {seconds:g} s", self.log) from error
        self._process = None
        if code != 0:
            raise RoomNotReady(self.name, f"ended with exit code {code}", self.log)

    def stop(self) -> int | None:
        """Ask it to stop and wait; past its time it is killed. The exit code."""
        if self._process is None:
            return None
        self._signal(signal.SIGTERM)
        try:
            code = self._process.wait(self._stop_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL
        # Whatever it started itself goes with it.
        self._signal(signal.SIGKILL)
        self._process = None
        return code

    def kill(self) -> None:
        """End it and what it started at once (`kill -9`)."""
        if self._process is None:
            return
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._process = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return


def last_lines(log: Path) -> str:
    """The end of a log, for a person to read."""
    try:
        with log.open(errors="replace") as file:
            return "".join(deque(file, maxlen=LAST_LINES)).rstrip()
    except OSError:
        return "(there is no log)"
