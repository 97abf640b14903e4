"""Memory: answers that stay true for a while are asked for once and believed until then."""

import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

V = TypeVar("V")

MOST = 10_000


class Memory(Generic[V]):
    """Answers by key, in this process. `lasts` says for how many seconds an answer is believed.

    Holds `most` answers; a new one beyond that pushes out the oldest.
    """

    def __init__(
        self,
        lasts: Callable[[V], float],
        *,
        most: int = MOST,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lasts = lasts
        self._most = most
        self._monotonic = monotonic
        self._answers: dict[str, tuple[float, V]] = {}

    async def recall(self, key: str, ask: Callable[[], Awaitable[V]]) -> V:
        """The answer that is believed, else a new one; what `ask` raises is not remembered."""
        known = self._answers.get(key)
        if known is not None and self._monotonic() < known[0]:
            return known[1]
        answer = await ask()
        self._answers.pop(key, None)
        if len(self._answers) >= self._most:
            del self._answers[next(iter(self._answers))]
        self._answers[key] = (self._monotonic() + self._lasts(answer), answer)
        return answer
