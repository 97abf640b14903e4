"""What stands still: partitions where records wait, and whose position doesn't move. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# A topic's name without prefix, and a partition.
Place = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the worker says of itself: which partitions it reads, and where it waits on purpose.

    `held` are topics whose records a paused flow holds; `is_waiting` says that everything waits
    for something that is away, such as the outbox; `is_rebalancing` that partitions are dealt out.
    """

    mine: frozenset[Place] = frozenset()
    held: frozenset[str] = frozenset()
    is_waiting: bool = False
    is_rebalancing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLook:
    """What the broker says: where each partition begins and ends, and what the group has committed."""

    committed: Mapping[Place, int]
    begins: Mapping[Place, int]
    ends: Mapping[Place, int]

    def position(self, place: Place) -> int:
        """The first record that isn't done yet; what was never committed begins with the oldest."""
        return max(self.committed.get(place, 0), self.begins.get(place, 0))

    def waiting(self, place: Place) -> int:
        """How many records wait there."""
        return max(0, self.ends.get(place, 0) - self.position(place))


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """Something that hasn't moved for `seconds`, in words."""

    what: str
    seconds: float


@dataclass(slots=True)
class Stalls:
    """How long each partition has stood still, counted from look to look.

    Call `forget` whenever the broker did not answer: then nothing can move, and that is no fault here.
    """

    _since: dict[Place, tuple[int, float]] = field(default_factory=dict)
    _rebalancing: float = 0.0

    def saw(self, reading: Reading, look: LogLook, elapsed_seconds: float) -> Still | None:
        """What has stood still longest, or None while everything moves or waits on purpose."""
        if reading.is_waiting:
            self.forget()
            return None
        self._rebalancing = (
            self._rebalancing + elapsed_seconds if reading.is_rebalancing and not reading.held else 0.0
        )
        judged = [place for place in reading.mine if place[0] not in reading.held and look.waiting(place)]
        self._since = {place: self._stood(place, look, elapsed_seconds) for place in judged}
        return max(self._told(look), key=lambda still: still.seconds, default=None)

    def forget(self) -> None:
        """Count from now."""
        self._since = {}
        self._rebalancing = 0.0

    def _stood(self, place: Place, look: LogLook, elapsed_seconds: float) -> tuple[int, float]:
        position, seconds = self._since.get(place, (None, 0.0))
        now = look.position(place)
        return (now, seconds + elapsed_seconds) if position == now else (now, 0.0)

    def _told(self, look: LogLook) -> list[Still]:
        told = [
            Still(what=_words(place, position, look.waiting(place)), seconds=seconds)
            for place, (position, seconds) in self._since.items()
        ]
        if self._rebalancing:
            told.append(Still(what="partitions are being dealt out without end", seconds=self._rebalancing))
        return told


def _words(place: Place, position: int, waiting: int) -> str:
    topic, number = place
    return f"{topic}/{number} stands at {position} while {waiting} records wait"
