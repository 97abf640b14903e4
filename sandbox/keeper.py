"""Rooms that hang are started again, and none outlives whoever started it.

The keeper is a thread; the guardian is a process of its own, since it is needed after a `kill -9`.
python -m sandbox.keeper     the guardian; it reads process ids from stdin until that ends
"""

import contextlib
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import psutil

from sandbox.room import Room

# How a room leaves that is to be started again.
START_AGAIN = 70
LOOK_SECONDS = 0.5
# As long as a supervisor gives a room that it asks to stop.
STOP_SECONDS = 15.0
ALL_IS_WELL = b"done\n"
REPOSITORY = Path(__file__).resolve().parent.parent


class Keeper:
    """Starts a room again that left with code 70, and tells `started`. Other endings are not its business."""

    def __init__(
        self, rooms: Mapping[str, Room], started: Callable[[Room], None] = lambda room: None
    ) -> None:
        self._rooms = rooms
        self._started = started
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self.restarts: Counter[str] = Counter()

    def start(self) -> None:
        """Look after the rooms from now on; calling it again changes nothing."""
        if self._thread is None:
            self._ended.clear()
            self._thread = threading.Thread(target=self._look_after, name="keeper", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """No room is started again once this has returned."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _look_after(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            for name, room in list(self._rooms.items()):
                if room.exit_code == START_AGAIN:
                    self.restarts[name] += 1
                    room.start()
                    self._started(room)


class Guardian:
    """Knows which processes must not outlive this one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def watch(self, pid: int | None) -> None:
        """End this process, and what it started, when we are gone."""
        if pid is not None:
            self._tell(f"{pid}\n".encode())

    def leave(self) -> None:
        """Everything has been stopped: there is nothing left to guard."""
        if self._process is None:
            return
        self._tell(ALL_IS_WELL)
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait()
        self._process = None

    def _tell(self, line: bytes) -> None:
        process = self._process = self._process or _started()
        if process.stdin is not None:
            # A guardian that somebody ended guards nothing; that is no reason to fail.
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(line)
                process.stdin.flush()


def _started() -> subprocess.Popen[bytes]:
    # A session of its own: what ends this one by signal must not end the guardian.
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox.keeper"],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


def guard(lines: Iterable[bytes]) -> None:
    """Read process ids; when there are no more, end those processes unless told that all is well."""
    watched: list[psutil.Process] = []
    for line in lines:
        if line == ALL_IS_WELL:
            return
        try:
            # Remembers when it began, so that nobody else's process is ended by an id used again.
            watched.append(psutil.Process(int(line)))
        except psutil.NoSuchProcess:
            continue
    _end([one for process in watched for one in _with_children(process)])


def _with_children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [*process.children(recursive=True), process] if process.is_running() else []
    except psutil.NoSuchProcess:
        return []


def _end(processes: list[psutil.Process]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in processes:
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                continue
        _, processes = psutil.wait_procs(processes, timeout=STOP_SECONDS)


if __name__ == "__main__":
    guard(sys.stdin.buffer)
