"""Quiet hours: the hours of a site's day in which it writes to nobody, and when they are over. No I/O."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Self

_WRITTEN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From `start` to before `end`, on a clock in the site's zone; past midnight when `end` comes first."""

    start: time
    end: time

    @classmethod
    def parse(cls, written: str) -> Self:
        """Read hours such as `21:00-08:00`.

        Raises:
            ValueError: with a sentence that says how they are written.
        """
        found = _WRITTEN.fullmatch(written.replace(" ", ""))
        if found is None:
            raise ValueError(f'"{written}" are no hours: write them like 21:00-08:00, from 00:00 to 23:59')
        first, second, third, fourth = map(int, found.groups())
        hours = cls(start=time(first, second), end=time(third, fourth))
        if hours.start == hours.end:
            raise ValueError(f'"{written}" would be the whole day: switch the notices off instead')
        return hours

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"

    def until(self, now: datetime, zone: tzinfo) -> datetime | None:
        """When the quiet hours that run now are over, in UTC; None if none run.

        Where clocks are put back, an hour comes twice and may be quiet twice. Where they are put
        forward, an end in the hour that is left out comes by as much later.
        """
        local = now.astimezone(zone)
        if not self._covers(local.time()):
            return None
        day = local.date() if local.time() < self.end else local.date() + timedelta(days=1)
        ends = (datetime.combine(day, self.end, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        return next((end for end in ends if end > now), None)

    def _covers(self, clock: time) -> bool:
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end
