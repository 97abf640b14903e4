"""CommandQuota: the part of a site's requests that all commands of this machine share.

Commands are processes of their own and short-lived, so their count lies in a file. The worker's
part is its own: however much commands ask for, live work finds its requests there.
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from filelock import FileLock

from streams.quota import WINDOW_SECONDS, QuotaWait

# In DATA_DIR: all commands of a machine, and what the worker does by itself, count there.
QUOTA_FILE = "command-quota.json"


class CommandQuota:
    """Counts the requests of the last minute per site, over all processes that use one `path`."""

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
        with FileLock(f"{self._path}.lock"):
            now = self._now()
            sites = {name: taken for name, times in self._read().items() if (taken := _recent(times, now))}
            taken = sites.setdefault(site, [])
            if len(taken) >= self._per_minute:
                raise QuotaWait(datetime.now(UTC) + timedelta(seconds=taken[0] + WINDOW_SECONDS - now))
            taken.append(now)
            self._path.write_text(json.dumps(sites), encoding="utf-8")

    def _read(self) -> dict[str, list[float]]:
        """What was counted; a file that can't be read counts nothing, and Wix's 429 is the second fence."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return {str(name): [float(one) for one in times] for name, times in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}


def _recent(times: list[float], now: float) -> list[float]:
    # A time that lies ahead was written before a clock was set back.
    return [one for one in times if now - WINDOW_SECONDS < one <= now]
