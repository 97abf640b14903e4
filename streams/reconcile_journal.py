"""Journal: how far the comparison of one site has come, on disk, so that it goes on where it was stopped."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from ingest.record import iso, parse_time

# Older pages say nothing about what is there now.
KEPT = timedelta(days=1)

Stage = Literal["plan", "store", "gone"]


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was found so far. `earliest_order_at` is when the oldest order on Wix's lists was made."""

    listed: int = 0
    unknown: int = 0
    different: int = 0
    shipments: int = 0
    gone: int = 0
    made_due: int = 0
    earliest_order_at: str | None = None

    @property
    def healed(self) -> int:
        """Orders of which something was loaded."""
        return self.unknown + self.different

    def saw(self, created_at: datetime | None) -> None:
        """Note an order's age."""
        if created_at is not None:
            self.earliest_order_at = min(iso(created_at), self.earliest_order_at or "9")


@dataclass(slots=True, kw_only=True)
class Journal:
    """One comparison: what it is about, where it stands, and which orders it has seen."""

    path: Path
    began_at: datetime
    stage: Stage = "plan"
    cursor: str | None = None
    tally: Tally = field(default_factory=Tally)
    seen: set[str] = field(default_factory=set)

    @classmethod
    def opened(cls, folder: Path, site: str, since: datetime | None, *, now: datetime) -> "Journal":
        """The journal of a comparison that was broken off, if it was the same question; else a new one."""
        # An id is foreign text, and a file's name must not lead elsewhere.
        path = folder / f"{sha256(site.encode()).hexdigest()[:32]}.jsonl"
        asked = iso(since) if since else None
        found = _read(path, asked)
        is_fresh = found is not None and now - found.began_at < KEPT
        return found if found and is_fresh else _new(cls(path=path, began_at=now), asked)

    @property
    def is_resumed(self) -> bool:
        """Whether something was done before."""
        return self.cursor is not None or self.stage != "plan"

    def moved(self, stage: Stage, cursor: str | None, seen: Iterable[str] = ()) -> None:
        """What comes next; durable when this returns."""
        self.stage, self.cursor = stage, cursor
        fresh = [one for one in seen if one not in self.seen]
        self.seen.update(fresh)
        _append(self.path, {"stage": stage, "cursor": cursor, "seen": fresh, "tally": asdict(self.tally)})

    def done(self) -> None:
        """Nothing is left to go on with."""
        self.path.unlink(missing_ok=True)


def _new(journal: Journal, asked: str | None) -> Journal:
    journal.path.parent.mkdir(parents=True, exist_ok=True)
    journal.done()
    _append(journal.path, {"since": asked, "began_at": iso(journal.began_at)})
    return journal


def _read(path: Path, asked: str | None) -> Journal | None:
    lines = list(_lines(path))
    began_at = parse_time(lines[0].get("began_at")) if lines else None
    if began_at is None or lines[0].get("since") != asked:
        return None
    journal = Journal(path=path, began_at=began_at)
    for line in lines[1:]:
        journal.stage, journal.cursor = line["stage"], line["cursor"]
        journal.tally = Tally(**line["tally"])
        journal.seen.update(line["seen"])
    return journal


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    """Whole lines; a last one that is torn is taken away, and its page is asked for again."""
    if not path.exists():
        return
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole, encoding="utf-8")
    for line in whole.splitlines():
        yield json.loads(line)


def _append(path: Path, line: dict[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())
