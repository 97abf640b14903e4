"""Tables, kept while there is room, counted in bytes: the one that is longest unasked makes way."""

import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

import pandas as pd

Key = TypeVar("Key", bound=Hashable)

# What an empty table takes with its columns' names; thousands of small ones are no small thing.
LEAST_BYTES = 4096


@dataclass(slots=True)
class Kept:
    """A table, what it took when it came, and when it was asked last."""

    table: pd.DataFrame
    bytes: int
    asked_at: float = field(default_factory=time.monotonic)


class Shelf(Generic[Key]):
    """Tables by key, for so long after they were asked. Thread-safe.

    One that is larger than the whole shelf is kept alone, until the next one comes.
    """

    def __init__(self, most_bytes: int, most_seconds: float = float("inf")) -> None:
        self._most_bytes, self._most_seconds, self._bytes = most_bytes, most_seconds, 0
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> pd.DataFrame | None:
        """The table, which is now the one asked last; None where there is none, or no more."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept[key].asked_at = time.monotonic()
            self._kept.move_to_end(key)
            return self._kept[key].table

    def has(self, key: Key) -> bool:
        """Whether `get` would find it; not counted as asking."""
        with self._lock:
            return key in self._kept

    def put(self, key: Key, table: pd.DataFrame) -> None:
        """Keep it in place of what stood there."""
        kept = Kept(table, size(table))
        with self._lock:
            self._drop(key)
            self._kept[key] = kept
            self._bytes += kept.bytes
            while len(self._kept) > 1 and self._has_too_much():
                self._drop(next(iter(self._kept)))

    def _has_too_much(self) -> bool:
        first = next(iter(self._kept.values()))
        return self._bytes > self._most_bytes or time.monotonic() - first.asked_at > self._most_seconds

    def _drop(self, key: Key) -> None:
        if key in self._kept:
            self._bytes -= self._kept.pop(key).bytes


def size(table: pd.DataFrame) -> int:
    """Bytes that a table takes, with its texts."""
    return LEAST_BYTES + int(table.memory_usage(deep=True).sum())
