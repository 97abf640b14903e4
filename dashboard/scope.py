"""Scope: what the filters ask for. A range of days in a time zone becomes two comparable periods. No I/O."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# The labels are the URL's values, so they must not change.
RANGES = {"7d": 7, "30d": 30, "90d": 90, "12m": 365}
DEFAULT_RANGE = "30d"
CUSTOM = "Custom"

PREVIOUS_PERIOD, YEAR_AGO, NO_COMPARISON = "Previous period", "A year ago", "No comparison"
COMPARISONS = (PREVIOUS_PERIOD, YEAR_AGO, NO_COMPARISON)
# 52 weeks, so that weekdays meet weekdays.
YEAR = timedelta(days=364)

Params = dict[str, str | list[str]]
# At which all that were asked at different moments are alike.
SOME_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A period `[start, end)` in `tz`, and the one it is compared with, if any.

    The period compared with has the same length and is cut at the same time of day, so an
    unfinished day is compared with an equally unfinished one. `as_of` asks for what was known at
    that moment; `currency` leaves out what is in another.
    """

    start: datetime
    end: datetime
    previous_start: datetime | None
    previous_end: datetime | None
    tz: str
    days: int
    label: str = DEFAULT_RANGE
    chosen: tuple[date, date] | None = None
    comparison: str = PREVIOUS_PERIOD
    sites: tuple[str, ...] = ()
    currency: str | None = None
    as_of: datetime | None = None

    def at(self, now: datetime) -> "Scope":
        """What the same filters ask for at another moment."""
        return scope(
            self.label,
            tz=self.tz,
            now=now,
            chosen=self.chosen,
            comparison=self.comparison,
            sites=self.sites,
            currency=self.currency,
            as_of=self.as_of,
        )

    @property
    def filters(self) -> "Scope":
        """What was chosen: the same for all who look at the same view, whenever they do."""
        return self.at(SOME_MOMENT)

    @property
    def params(self) -> Params:
        """Parameters of a report over the period."""
        return self.over(self.start, self.end)

    @property
    def previous(self) -> Params | None:
        """Parameters of the same report over the period compared with; None without comparison."""
        if self.previous_start is None or self.previous_end is None:
            return None
        return self.over(self.previous_start, self.previous_end)

    @property
    def now(self) -> Params:
        """Parameters of a report that has no period: all that is known."""
        found: Params = {"tz": self.tz, "site": list(self.sites)}
        if self.currency:
            found["currency"] = self.currency
        if self.as_of:
            found["as_of"] = self.as_of.isoformat()
        return found

    def over(self, start: datetime, end: datetime) -> Params:
        """Parameters of a report over another period."""
        return {"start": start.isoformat(), "end": end.isoformat(), **self.now}


def scope(
    label: str,
    *,
    tz: str,
    now: datetime,
    chosen: tuple[date, date] | None = None,
    comparison: str = PREVIOUS_PERIOD,
    sites: tuple[str, ...] = (),
    currency: str | None = None,
    as_of: datetime | None = None,
) -> Scope:
    """The last days up to now (or to `as_of`), or the chosen days, cut in `tz`.

    A range by label is today so far and the whole days before it. `chosen` is the first and the
    last day of the label Custom, both included; without them it is the default range.
    """
    zone = ZoneInfo(tz)
    until = (as_of or now).astimezone(zone)
    first, last = _days(label, chosen, until.date())
    start = datetime.combine(first, time.min, zone)
    end = min(until, datetime.combine(last + timedelta(days=1), time.min, zone))
    end = max(start, end)
    days = (last - first).days + 1
    back = {PREVIOUS_PERIOD: timedelta(days=days), YEAR_AGO: YEAR}.get(comparison)
    return Scope(
        start=start,
        end=end,
        previous_start=start - back if back else None,
        previous_end=end - back if back else None,
        tz=tz,
        days=days,
        label=label,
        chosen=chosen,
        comparison=comparison,
        sites=sites,
        currency=currency,
        as_of=as_of,
    )


def _days(label: str, chosen: tuple[date, date] | None, today: date) -> tuple[date, date]:
    if label == CUSTOM and chosen:
        return min(chosen), max(chosen)
    days = RANGES.get(label, RANGES[DEFAULT_RANGE])
    return today - timedelta(days=days - 1), today
