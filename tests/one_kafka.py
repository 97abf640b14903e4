"""One embedded Kafka for all the processes that run tests side by side.

A Kafka of each process's own would start, warm up and idle as often as there are processes.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sandbox.broker import EmbeddedBroker


class OneKafka:
    """Who needs it first starts it, and who started it stops it, when all others have left.

    `folder` is the same for all who share it. A lock goes with the process that holds it, however that
    ends: nobody waits for one that is no more.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._address = folder / "address"
        self._broker: EmbeddedBroker | None = None
        self._in_use: IO[str] | None = None

    def join(self) -> str:
        """Where it listens; it does until this process leaves."""
        self._folder.mkdir(exist_ok=True)
        with self._alone():
            if not self._address.exists():
                self._broker = EmbeddedBroker(self._folder)
                self._broker.start()
                self._address.write_text(self._broker.bootstrap)
            if self._in_use is None:
                self._in_use = (self._folder / "in-use").open("w")
                fcntl.flock(self._in_use, fcntl.LOCK_SH)
        return self._address.read_text()

    def leave(self) -> None:
        """Stop it if this process started it; that waits for all others that use it."""
        if self._in_use is None:
            return
        while self._broker:
            fcntl.flock(self._in_use, fcntl.LOCK_EX)
            # Somebody may join in this moment.
            fcntl.flock(self._in_use, fcntl.LOCK_UN)
            with self._alone():
                self._stop_if_unused()
        self._in_use.close()
        self._in_use = None

    def _stop_if_unused(self) -> None:
        assert self._in_use
        assert self._broker
        try:
            fcntl.flock(self._in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        self._address.unlink()
        self._broker.stop()
        self._broker = None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else joins or stops it meanwhile."""
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
