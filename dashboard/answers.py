"""Answers, each asked once however many readers want it, and kept while there is room.

Who asks for one that is being asked waits for that. A failure is told to all who wait, and forgotten.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Condition

import pandas as pd

from dashboard.memory import Asked, Params
from dashboard.shelf import Shelf

# All pages of one view take two megabytes, in each of the versions that readers may still be shown.
MOST_BYTES = 48 * 2**20
# Longer than a page is drawn with a version: what is older is not asked again, and would only fill the room.
MOST_SECONDS = 240.0
# The service answers so many questions of a version at once.
ASKERS = 3
# What nobody waits for is asked when for so long nobody asked anything: until then a page is being drawn, and
# would be drawn more slowly. So long at most it lets others pass.
PAUSE_SECONDS, PATIENCE_SECONDS = 2.0, 30.0

Answer = Future[pd.DataFrame]


class Answers:
    """Answers of `ask`. Thread-safe."""

    def __init__(self, ask: Callable[[str, Params], pd.DataFrame]) -> None:
        self._ask = ask
        self._kept: Shelf[Asked] = Shelf(MOST_BYTES, MOST_SECONDS)
        self._asking: dict[Asked, Answer] = {}
        # What is asked when there is time, and when somebody asked last who has none.
        self._put_off: set[Asked] = set()
        self._hurried_at = 0.0
        self._changed = Condition()
        self._askers = ThreadPoolExecutor(ASKERS, thread_name_prefix="asking")
        self._patient = ThreadPoolExecutor(1, thread_name_prefix="asking-some-time")

    def get(self, name: str, params: Params) -> pd.DataFrame:
        """The answer, asked here if nobody has; a copy that costs nothing until it is changed."""
        self._hurried_at = time.monotonic()
        answer, is_new = self._one((name, params))
        if is_new:
            self._find((name, params), answer)
        return answer.result().copy(deep=False)

    def ahead(self, name: str, params: Params) -> None:
        """Have it asked meanwhile; what goes wrong is met by who calls `get`."""
        answer, is_new = self._one((name, params))
        if is_new:
            self._askers.submit(self._find, (name, params), answer)

    def some_time(self, name: str, params: Params) -> None:
        """Have it asked when nobody waits for another, one at a time: whoever comes is served first."""
        with self._changed:
            if (name, params) in self._put_off or self.has(name, params):
                return
            self._put_off.add((name, params))
        self._patient.submit(self._find_in_a_pause, (name, params))

    def has(self, name: str, params: Params) -> bool:
        """Whether `get` would not wait."""
        return self._kept.has((name, params))

    def _one(self, asked: Asked) -> tuple[Answer, bool]:
        with self._changed:
            if (known := self._kept.get(asked)) is not None:
                answer = Answer()
                answer.set_result(known)
                return answer, False
            is_new = asked not in self._asking
            return self._asking.setdefault(asked, Answer()), is_new

    def _find_in_a_pause(self, asked: Asked) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        with self._changed:
            while (now := time.monotonic()) < until and (left := self._left(now)) > 0:
                self._changed.wait(min(left, until - now))
            self._put_off.discard(asked)
        answer, is_new = self._one(asked)
        if is_new:
            self._find(asked, answer)

    def _left(self, now: float) -> float:
        """Seconds until nobody has asked for long enough."""
        return PATIENCE_SECONDS if self._asking else self._hurried_at + PAUSE_SECONDS - now

    def _find(self, asked: Asked, answer: Answer) -> None:
        try:
            found = self._ask(*asked)
        except BaseException as error:  # noqa: BLE001 - whatever it is: who waits must not wait for ever
            self._end(asked)
            answer.set_exception(error)
        else:
            self._end(asked, found)
            answer.set_result(found)

    def _end(self, asked: Asked, found: pd.DataFrame | None = None) -> None:
        with self._changed:
            if found is not None:
                self._kept.put(asked, found)
            del self._asking[asked]
            self._changed.notify_all()
