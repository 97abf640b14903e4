"""How many requests Wix got for each site in each minute, told when the minute is over. No I/O."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from streams.quota import QuotaWait


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaCount:
    """One worker's requests for one site in the minute that begins at `minute`.

    `parked` had to wait for a later minute; `limit` is what Wix allows a site, by all workers.
    """

    instance_id: str
    minute: datetime
    worker: str
    calls: int
    parked: int
    limit: int


_Place = tuple[datetime, str]


class QuotaCounts:
    """Counts what a quota lets pass, and what it makes wait."""

    def __init__(
        self,
        take: Callable[[str], None],
        *,
        worker: str,
        limit: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._take = take
        self._worker = worker
        self._limit = limit
        self._now = now
        self._calls: Counter[_Place] = Counter()
        self._parked: Counter[_Place] = Counter()

    def take(self, site: str) -> None:
        """Count one request that is about to be made.

        Raises:
            QuotaWait: it must not be made now.
        """
        place = (minute_of(self._now()), site)
        try:
            self._take(site)
        except QuotaWait:
            self._parked[place] += 1
            raise
        self._calls[place] += 1

    def known(self, *, whole: bool = False) -> list[QuotaCount]:
        """What was counted in minutes that are over, oldest first; `whole` adds the present minute's.

        Only at the end may the present minute be told: a minute is told once.
        """
        present = minute_of(self._now())
        places = sorted({*self._calls, *self._parked})
        return [self._count(place) for place in places if whole or place[0] < present]

    def forget(self, told: list[QuotaCount]) -> None:
        """These are in the outbox."""
        for one in told:
            self._calls.pop((one.minute, one.instance_id), None)
            self._parked.pop((one.minute, one.instance_id), None)

    def _count(self, place: _Place) -> QuotaCount:
        minute, site = place
        return QuotaCount(
            instance_id=site,
            minute=minute,
            worker=self._worker,
            calls=self._calls[place],
            parked=self._parked[place],
            limit=self._limit,
        )


def minute_of(moment: datetime) -> datetime:
    """When the minute of a moment began."""
    return moment.replace(second=0, microsecond=0)
