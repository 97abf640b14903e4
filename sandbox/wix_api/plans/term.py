"""Dates of a plan order: when its cycles start and end, and when all of it is over. No I/O."""

from bisect import bisect_right
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from sandbox.wix_api.wire import Wire

Unit = Literal["DAY", "WEEK", "MONTH", "YEAR"]

_DAYS = {"DAY": 1, "WEEK": 7}
_SHORTEST_DAYS = {**_DAYS, "MONTH": 28, "YEAR": 365}
_MONTHS = {"MONTH": 1, "YEAR": 12}

# Dates outside these make arithmetic with two thousand yearly cycles leave the calendar.
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def moment(text: object) -> datetime:
    """A date as Wix writes it, of any precision, as the milliseconds that answers have.

    Raises:
        ValueError: it is no date or has no time zone.
    """
    if not isinstance(text, str):
        raise ValueError("is not a date and time")
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("is not a date and time") from error
    if read.tzinfo is None:
        raise ValueError("has no time zone")
    try:
        return whole(read)
    except OverflowError as error:
        raise ValueError("lies outside the calendar") from error


def near(at: datetime) -> datetime:
    """A date that may be asked for.

    Raises:
        ValueError: it lies centuries away.
    """
    if not _EARLIEST <= at <= _LATEST:
        raise ValueError("is not between 1970 and 2200")
    return at


def whole(at: datetime) -> datetime:
    """The moment cut to milliseconds, UTC."""
    utc = at.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


Moment = Annotated[datetime, BeforeValidator(moment), AfterValidator(near)]


class Duration(Wire):
    """So many days, weeks, months or years."""

    count: int = Field(ge=1, le=1000)
    unit: Unit


def later(start: datetime, duration: Duration, times: int) -> datetime:
    """The moment `times` durations after `start`.

    Months keep the day of the month and the time; where there is no such day it is the month's
    last. Counting from the start, the 31st comes back after February.
    """
    count = duration.count * times
    if duration.unit in _DAYS:
        return start + timedelta(days=_DAYS[duration.unit] * count)
    months = start.year * 12 + start.month - 1 + _MONTHS[duration.unit] * count
    year, month = divmod(months, 12)
    day = min(start.day, monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long an order runs. `duration` is of one cycle, None is without end.

    A trial is cycle 0, paid cycles count from 1; `cycles` None means until canceled. Pauses
    are not in here: they move what comes after them.
    """

    start: datetime
    duration: Duration | None
    cycles: int | None = 1
    trial_days: int = 0

    @property
    def first_index(self) -> int:
        """The index of the first cycle."""
        return 0 if self.trial_days else 1

    @property
    def end(self) -> datetime | None:
        """When the last cycle ends; None when there is no last one."""
        return None if self.cycles is None else self.end_of(self.cycles)

    def start_of(self, index: int) -> datetime:
        """When a cycle starts."""
        before = self.end_of(index - 1) if index > 1 else None
        return before or (self._billed if index else self.start)

    def end_of(self, index: int) -> datetime | None:
        """When a cycle ends; None for an unlimited one."""
        if index == 0:
            return self._billed
        return None if self.duration is None else later(self._billed, self.duration, index)

    def index_at(self, now: datetime) -> int:
        """The cycle that runs then: the first before the start, the last after the end."""
        if now < self._billed:
            return self.first_index
        if self.duration is None:
            return 1
        days = self.duration.count * _SHORTEST_DAYS[self.duration.unit]
        most = (now - self._billed).days // days + 2
        last = most if self.cycles is None else min(most, self.cycles)
        return max(1, bisect_right(range(1, last + 1), now, key=self.start_of))

    @property
    def _billed(self) -> datetime:
        return self.start + timedelta(days=self.trial_days)
