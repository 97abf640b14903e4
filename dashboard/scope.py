"""Scope: what the filters ask for. A range of days in a time zone becomes two comparable periods. No I/O."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

# The labels are the URL's values, so they must not change.
RANGES = {"7d": 7, "30d": 30, "90d": 90, "12m": 365}
DEFAULT_RANGE = "30d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A period `[start, end)` in `tz`, and the one before it.

    The previous period has the same length and is cut at the same time of day, so an unfinished
    day is compared with an equally unfinished one.
    """

    start: datetime
    end: datetime
    previous_start: datetime
    previous_end: datetime
    tz: str
    days: int
    sites: tuple[str, ...] = field(default=())

    @property
    def params(self) -> dict[str, str | list[str]]:
        """Parameters of a report over the period."""
        return self._params(self.start, self.end)

    @property
    def previous(self) -> dict[str, str | list[str]]:
        """Parameters of the same report over the period before."""
        return self._params(self.previous_start, self.previous_end)

    @property
    def now(self) -> dict[str, str | list[str]]:
        """Parameters of a report that has no period: all that is known."""
        return {"tz": self.tz, "site": list(self.sites)}

    def _params(self, start: datetime, end: datetime) -> dict[str, str | list[str]]:
        return {"start": start.isoformat(), "end": end.isoformat(), "tz": self.tz, "site": list(self.sites)}


def scope(label: str, *, tz: str, now: datetime, sites: tuple[str, ...] = ()) -> Scope:
    """The last days up to now: today so far and the whole days before it, cut in `tz`."""
    days = RANGES[label]
    local = now.astimezone(ZoneInfo(tz))
    first = local.date() - timedelta(days=days - 1)
    start = datetime.combine(first, time.min, ZoneInfo(tz))
    return Scope(
        start=start,
        end=local,
        previous_start=start - timedelta(days=days),
        previous_end=local - timedelta(days=days),
        tz=tz,
        days=days,
        sites=sites,
    )
