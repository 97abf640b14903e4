"""CommandQuota: the part of a site's requests that all commands of this machine share.

Commands are processes of their own and short-lived, so their count lies in a file. The worker's
part is its own: however much commands ask for, live work finds its requests there.
"""

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from filelock import FileLock

from streams.quota import WINDOW_SECONDS, QuotaWait
from streams.quota_counts import QuotaCount, minute_of

# In DATA_DIR: all commands of a machine, and what the worker does by itself, count there.
QUOTA_FILE = "command-quota.json"
# Minutes that no worker on this DATA_DIR has told the ledger of by then are forgotten.
MINUTES_KEPT = 24 * 60

# Site → the times of its requests in the last minute.
_Recent = dict[str, list[float]]
# Minutes since 1970 → site → how many requests were made in it, and how many had to wait.
_Minutes = dict[int, dict[str, tuple[int, int]]]


class CommandQuota:
    """Counts the requests of the last minute per site, over all processes that use one `path`.

    What each minute came to stays in the file until the worker has told the ledger (`known`, `forget`).
    """

    def __init__(self, path: Path, per_minute: int, *, now: Callable[[], float] = time.time) -> None:
        self._path = path
        self._per_minute = per_minute
        self._now = now

    def take(self, site: str) -> None:
        """Count one request that is about to be made.

        Raises:
            QuotaWait: it must not be made now.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            now = self._now()
            book = _Book.read(self._path)
            taken = book.taken(site, now)
            wait = taken[0] + WINDOW_SECONDS - now if len(taken) >= self._per_minute else None
            if wait is None:
                taken.append(now)
            book.count(site, now, is_made=wait is None)
            self._path.write_text(book.as_json(), encoding="utf-8")
        if wait is not None:
            raise QuotaWait(datetime.now(UTC) + timedelta(seconds=wait))

    def known(self, *, limit: int) -> list[QuotaCount]:
        """What minutes that are over came to, oldest first; `limit` is what Wix allows a site."""
        if not self._path.exists():
            return []
        with self._locked():
            book = _Book.read(self._path)
        present = minute_of(datetime.fromtimestamp(self._now(), UTC))
        counts = [
            QuotaCount(
                instance_id=site, minute=minute, worker=book.name, calls=calls, parked=parked, limit=limit
            )
            for minute, sites in sorted(book.by_minute())
            for site, (calls, parked) in sorted(sites.items())
        ]
        return [one for one in counts if one.minute < present]

    def forget(self, told: Sequence[QuotaCount]) -> None:
        """These are in the outbox. Two workers may both have put them there: their rows are the same."""
        with self._locked():
            book = _Book.read(self._path)
            for one in told:
                book.drop(one)
            self._path.write_text(book.as_json(), encoding="utf-8")

    def _locked(self) -> FileLock:
        return FileLock(f"{self._path}.lock")


class _Book:
    """The file's content. `name` stands in for a worker's: it tells this machine's rows from another's."""

    def __init__(self, name: str, recent: _Recent, minutes: _Minutes) -> None:
        self.name = name
        self._recent = recent
        self._minutes = minutes

    @classmethod
    def read(cls, path: Path) -> "_Book":
        """What was counted; a file that can't be read counts nothing, and Wix's 429 is the second fence."""
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            recent = {str(site): [float(one) for one in times] for site, times in found["recent"].items()}
            minutes = {
                int(minute): {str(site): (int(calls), int(parked)) for site, (calls, parked) in sites.items()}
                for minute, sites in found["minutes"].items()
            }
            return cls(str(found["name"]), recent, minutes)
        except (OSError, ValueError, TypeError, AttributeError, KeyError):
            return cls(f"commands-{uuid4().hex[:12]}", {}, {})

    def as_json(self) -> str:
        """What `read` reads."""
        return json.dumps({"name": self.name, "recent": self._recent, "minutes": self._minutes})

    def taken(self, site: str, now: float) -> list[float]:
        """The times of the site's requests in the last minute; older ones, of any site, are gone."""
        # A time that lies ahead was written before a clock was set back.
        kept = {
            name: [one for one in times if now - WINDOW_SECONDS < one <= now]
            for name, times in self._recent.items()
        }
        self._recent = {name: times for name, times in kept.items() if times}
        return self._recent.setdefault(site, [])

    def count(self, site: str, now: float, *, is_made: bool) -> None:
        """Count a request, or a wait, in the present minute."""
        minute = int(now // 60)
        self._minutes = {one: sites for one, sites in self._minutes.items() if one > minute - MINUTES_KEPT}
        sites = self._minutes.setdefault(minute, {})
        calls, parked = sites.get(site, (0, 0))
        sites[site] = (calls + is_made, parked + (not is_made))

    def by_minute(self) -> list[tuple[datetime, dict[str, tuple[int, int]]]]:
        """Every minute with its sites."""
        return [(datetime.fromtimestamp(minute * 60, UTC), sites) for minute, sites in self._minutes.items()]

    def drop(self, count: QuotaCount) -> None:
        """This one has been told."""
        minute = int(count.minute.timestamp() // 60)
        sites = self._minutes.get(minute, {})
        sites.pop(count.instance_id, None)
        if not sites:
            self._minutes.pop(minute, None)
