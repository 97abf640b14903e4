"""A disk without room, which a process of its own meets: its files may not grow so far, and later may."""

import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def no_room_beyond(size: int) -> Iterator[None]:
    """No file of this process grows beyond so many bytes meanwhile."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def lines_of(script: str, path: Path) -> list[str]:
    """What a script prints in a process of its own, told where its ledger is."""
    command = [sys.executable, "-c", script, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
