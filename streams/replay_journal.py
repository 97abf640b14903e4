"""How far a re-derive has come, on disk, so that the same command goes on where it was stopped."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from analytics.lifecycle import MAPPING_VERSION
from streams.row_reader import Place


class Stopped(Exception):
    """Told to stop; what is done stands, and the same command goes on there."""


@dataclass(slots=True, kw_only=True)
class ReplayJournal:
    """From where to where each partition is still to be read."""

    path: Path
    begins: dict[Place, int]
    ends: dict[Place, int]
    is_resumed: bool = False

    @classmethod
    def opened(
        cls, folder: Path, question: object, begins: Mapping[Place, int], ends: Mapping[Place, int]
    ) -> "ReplayJournal":
        """The journal of the same question that was stopped, by the same mapping; else a new one."""
        asked = f"{question!r} {MAPPING_VERSION}"
        path = folder / f"{sha256(asked.encode()).hexdigest()[:32]}.json"
        if path.exists():
            return _read(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        return cls(path=path, begins=dict(begins), ends=dict(ends))

    @property
    def records(self) -> int:
        """Offsets that are left."""
        return sum(max(0, end - self.begins.get(place, 0)) for place, end in self.ends.items())

    def reached(self, place: Place, offset: int) -> None:
        """The rows of everything before this offset are on the log."""
        self.begins[place] = offset
        whole = self.path.with_suffix(".new")
        told = [[*place, self.begins.get(place, 0), end] for place, end in self.ends.items()]
        whole.write_text(json.dumps(told), encoding="utf-8")
        whole.replace(self.path)

    def done(self) -> None:
        """Nothing is left to go on with."""
        self.path.unlink(missing_ok=True)


def _read(path: Path) -> ReplayJournal:
    told = json.loads(path.read_text(encoding="utf-8"))
    return ReplayJournal(
        path=path,
        begins={(topic, partition): begin for topic, partition, begin, _ in told},
        ends={(topic, partition): end for topic, partition, _, end in told},
        is_resumed=True,
    )
