"""What the report service said last: the newest version, and the answer to every question of late.

It belongs to the process and not to a session: while the service is away, all readers see what anybody saw.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from dashboard.shelf import Shelf

Params = tuple[tuple[str, str], ...]
Asked = tuple[str, Params]

MOST_BYTES = 16 * 2**20
# A period up to now ends in another minute each time; the day is enough to know the question again.
PASSING = {"start", "end"}
DAY = len("2026-11-21")


class ServiceAway(Exception):
    """The report service does not answer, or not as it should."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"The report service at {url} does not answer ({why}).")
        self.url = url


@dataclass(frozen=True, slots=True)
class Freshness:
    """The newest version (empty before the first), the newest event in it, and when the service said so."""

    version: str
    data_through: datetime | None
    asked_at: datetime = field(compare=False)
    is_stale: bool = False

    @property
    def minute(self) -> datetime:
        """All readers reckon from the same minute, so that they ask the same and what was asked is known.

        While the service is away this stands still, and so do the questions: their answers are still there.
        """
        return self.asked_at.replace(second=0, microsecond=0)


@dataclass(slots=True)
class Memory:
    """Thread-safe."""

    freshness: Freshness | None = None
    # Whether the last look at what is newest failed.
    is_away: bool = False
    _refusal: ServiceAway | None = None
    _refused_until: float = 0.0
    _answers: Shelf[Asked] = field(default_factory=lambda: Shelf(MOST_BYTES))

    def note(self, name: str, params: Params, answer: pd.DataFrame) -> None:
        """Keep an answer, of whichever version it is."""
        self._answers.put(_known_again(name, params), answer)

    def last(self, name: str, params: Params) -> pd.DataFrame | None:
        """The last answer to this question, of an earlier minute or version; None if there was none."""
        return self._answers.get(_known_again(name, params))

    def leave_alone(self, refusal: ServiceAway, seconds: float) -> None:
        """Nobody is to ask for so long: each would wait as long as the one who found out."""
        self._refusal, self._refused_until = refusal, time.monotonic() + seconds

    def refusal(self) -> ServiceAway | None:
        """Why nobody is to ask now; None when the service may be asked."""
        return self._refusal if time.monotonic() < self._refused_until else None


def _known_again(name: str, params: Params) -> Asked:
    kept = ((key, value[:DAY] if key in PASSING else value) for key, value in params if key != "version")
    return name, tuple(kept)
