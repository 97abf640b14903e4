"""Quota: how many requests a site may still make this minute. Wix throttles an app instance above 200."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

WINDOW_SECONDS = 60.0


class QuotaWait(Exception):
    """The site's requests of this minute are used up: the request was not made. Try again at `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"the site's quota is used up until {until:%H:%M:%S} UTC")
        self.until = until


@dataclass(slots=True)
class _Site:
    taken: deque[float] = field(default_factory=deque)
    closed_until: float = 0.0


class Quota:
    """Counts requests of the last 60 seconds for each site.

    A site is worked by one worker at a time, who tells the next one what it `used`; so one process's
    count is the site's. Wix's 429 is the second fence.
    """

    def __init__(self, per_minute: int = 200, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        # A site that ran out stays closed until this many requests fit again: a flow takes up to
        # seven, and flows that get one slot at a time would begin for ever and never end.
        self._reopen_with = min(per_minute, max(10, per_minute // 10))
        self._monotonic = monotonic
        self._sites: dict[str, _Site] = {}

    def take(self, site: str) -> None:
        """Count one request that is about to be made.

        Raises:
            QuotaWait: it must not be made now.
        """
        now = self._monotonic()
        book = self._book(site, now)
        if now >= book.closed_until and len(book.taken) < self._per_minute:
            book.taken.append(now)
            return
        if now >= book.closed_until:
            # The site reopens when the oldest requests that make room for a whole flow are a minute old.
            book.closed_until = book.taken[self._reopen_with - 1] + WINDOW_SECONDS
        raise QuotaWait(datetime.now(UTC) + timedelta(seconds=book.closed_until - now))

    def left(self, site: str) -> int:
        """How many requests the site may still make now."""
        now = self._monotonic()
        book = self._book(site, now)
        return 0 if now < book.closed_until else self._per_minute - len(book.taken)

    def used(self, site: str) -> int:
        """How many requests the site has made in the last minute."""
        return len(self._book(site, self._monotonic()).taken)

    def adopt(self, site: str, calls: int, *, age_seconds: float) -> None:
        """Another worker had the site: so many requests were made, the last one `age_seconds` ago.

        They count as if all had been made then.
        """
        now = self._monotonic()
        self._book(site, now).taken = deque([now - age_seconds] * min(calls, self._per_minute))

    def most_used(self) -> int:
        """Requests of the last minute at the site that made most."""
        now = self._monotonic()
        return max((len(self._book(site, now).taken) for site in tuple(self._sites)), default=0)

    def closed(self) -> int:
        """How many sites wait for their quota now."""
        now = self._monotonic()
        return sum(book.closed_until > now for book in self._sites.values())

    def _book(self, site: str, now: float) -> _Site:
        book = self._sites.get(site) or self._fresh(site, now)
        while book.taken and book.taken[0] <= now - WINDOW_SECONDS:
            book.taken.popleft()
        return book

    def _fresh(self, site: str, now: float) -> _Site:
        """A new site's book; sites that were silent for a minute are forgotten on the way."""
        silent = [name for name, book in self._sites.items() if not _is_recent(book, now)]
        for name in silent:
            del self._sites[name]
        return self._sites.setdefault(site, _Site())


def _is_recent(book: _Site, now: float) -> bool:
    return bool(book.taken) and book.taken[-1] > now - WINDOW_SECONDS
