"""How much memory all processes of a run take together: the peak, sampled."""

import os
import threading
from types import TracebackType
from typing import Self

import psutil

SAMPLE_SECONDS = 1.0
MEGABYTE = 1_000_000


class PeakMemory:
    """Samples this process and everything it started, as a context.

    The sum is of PSS (a page that n processes share counts 1/n for each), so that nothing counts twice.
    """

    def __init__(self) -> None:
        self._peak = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="memory", daemon=True)

    @property
    def megabytes(self) -> int:
        """The highest sum seen so far."""
        return round(self._peak / MEGABYTE)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            self._peak = max(self._peak, _proportional_size())


def _proportional_size() -> int:
    """Sum of PSS over this process and its descendants; RSS where the system knows no PSS."""
    total = 0
    own = psutil.Process(os.getpid())
    for process in [own, *own.children(recursive=True)]:
        try:
            memory = process.memory_full_info()
        except psutil.Error:
            continue
        total += getattr(memory, "pss", 0) or memory.rss
    return total
