"""Several processes write one SQLite file in turn: who has waited longest is next.

SQLite has no queue. Who finds the file locked sleeps and looks again, up to a tenth of a second later,
while the process that wrote last writes again at once: a busy worker starves the others. So writers
stand in line: the one at its head holds the line's lock and watches the file, and whoever has just
written has to line up behind it.
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any

# How often who waits looks again; by chance, so that two don't look in step.
LOOK_SECONDS = 0.001


class Line:
    """The line before one database file. For one thread."""

    def __init__(self, database: Path, *, patience_seconds: float) -> None:
        self._path = database.with_name(f"{database.name}.line")
        self._patience_seconds = patience_seconds
        self._file: IO[bytes] | None = None
        # Where there are no such locks (Windows), SQLite's own order has to do.
        self._locks: Any = import_module("fcntl") if os.name == "posix" else None

    def take(self, begin: Callable[[], bool]) -> bool:
        """Have `begin` try until it can, in turn; False if it never could within the patience.

        Who is stuck at the head holds up nobody for longer than that: then it goes without a line.
        """
        deadline = time.monotonic() + self._patience_seconds
        with self._turn(deadline):
            return _until(begin, deadline)

    @contextmanager
    def _turn(self, deadline: float) -> Iterator[None]:
        if self._locks is None:
            yield
            return
        if self._file is None:
            self._file = self._path.open("ab")
        number = self._file.fileno()
        # Half of the patience for the line, so that some is left for the file.
        _until(lambda: self._locked(number), deadline - self._patience_seconds / 2)
        try:
            yield
        finally:
            self._locks.flock(number, self._locks.LOCK_UN)

    def _locked(self, number: int) -> bool:
        try:
            self._locks.flock(number, self._locks.LOCK_EX | self._locks.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _until(works: Callable[[], bool], deadline: float) -> bool:
    while not works():
        if time.monotonic() >= deadline:
            return False
        time.sleep(LOOK_SECONDS * (0.5 + random.random()))  # noqa: S311 - spreads looks
    return True
