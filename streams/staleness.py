"""Whether reports are stale: records lie on the log for a while and are not in the ledger. No I/O."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from analytics.ledger import PartitionSample
from ingest.topics import DEAD_LETTERS, ORDER_LIFECYCLE

SILENT_LOG = "log_away: Kafka has not answered"

# A topic's name without prefix, and a partition.
Place = tuple[str, int]


@dataclass(slots=True, kw_only=True)
class Staleness:
    """Remembers where the log ended `after` ago: what is not done up to there now is stale.

    Constant traffic is never stale for being constant; a record that stays behind is, however few come.
    `heard_at` is when the log answered last, at first the start.
    """

    after: timedelta
    heard_at: datetime
    _ends: deque[tuple[datetime, dict[Place, int]]] = field(default_factory=deque)
    _behind: str = ""

    def saw(self, now: datetime, samples: Sequence[PartitionSample], read_to: int) -> None:
        """The log answered. `read_to` is the ledger's own position in the topic of rows."""
        self.heard_at = now
        known = {(one.topic, one.partition): one.end for one in samples if one.end is not None}
        self._ends.append((now, known))
        while len(self._ends) > 1 and now - self._ends[1][0] >= self.after:
            self._ends.popleft()
        then, ends = self._ends[0]
        is_old = now - then >= self.after
        behind = {one.topic for one in samples if is_old and _done(one, read_to) < _end(one, ends)}
        self._behind = f"not_read: {', '.join(sorted(behind))}" if behind else ""

    def verdict(self, now: datetime) -> str:
        """What is stale, in words; empty where nothing is."""
        return SILENT_LOG if now - self.heard_at >= self.after else self._behind


def _end(sample: PartitionSample, ends: dict[Place, int]) -> int:
    return ends.get((sample.topic, sample.partition), 0)


def _done(sample: PartitionSample, read_to: int) -> int:
    """How far it was read; dead letters are read by people."""
    if sample.topic == DEAD_LETTERS.name:
        return sample.end or 0
    return read_to if sample.topic == ORDER_LIFECYCLE.name else sample.committed or 0
