"""Answers, each asked once however many readers want it, and kept while it is wanted.

Who asks for one that is being asked waits for that. A failure is told to all who wait, and forgotten.
"""

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock

import pandas as pd

from dashboard.memory import Asked, Params

MOST_ANSWERS = 256
# The service answers so many questions of a version at once.
ASKERS = 3

Answer = Future[pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Answers:
    """Thread-safe; bounded by the number of answers."""

    _ask: Callable[[str, Params], pd.DataFrame]
    _kept: OrderedDict[Asked, Answer] = field(default_factory=OrderedDict)
    _askers: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(ASKERS, thread_name_prefix="asking")
    )
    _lock: Lock = field(default_factory=Lock)

    def get(self, name: str, params: Params) -> pd.DataFrame:
        """The answer, asked here if nobody has; a copy that costs nothing until it is changed."""
        answer, is_new = self._one((name, params))
        if is_new:
            self._find((name, params), answer)
        return answer.result().copy(deep=False)

    def ahead(self, name: str, params: Params) -> None:
        """Have it asked meanwhile; what goes wrong is met by who calls `get`."""
        answer, is_new = self._one((name, params))
        if is_new:
            self._askers.submit(self._find, (name, params), answer)

    def has(self, name: str, params: Params) -> bool:
        """Whether `get` would not wait."""
        with self._lock:
            answer = self._kept.get((name, params))
        return answer is not None and answer.done()

    def _one(self, asked: Asked) -> tuple[Answer, bool]:
        with self._lock:
            if is_new := asked not in self._kept:
                self._kept[asked] = Future()
            self._kept.move_to_end(asked)
            while len(self._kept) > MOST_ANSWERS:
                self._kept.popitem(last=False)
            return self._kept[asked], is_new

    def _find(self, asked: Asked, answer: Answer) -> None:
        try:
            found = self._ask(*asked)
        except BaseException as error:  # noqa: BLE001 - whatever it is: who waits must not wait for ever
            with self._lock:
                self._kept.pop(asked, None)
            answer.set_exception(error)
        else:
            answer.set_result(found)
