"""When sites are compared with Wix's lists by themselves: each night, and after a silence. No I/O."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Literal

from streams.settings import UpkeepSettings

# What came in last before a silence may have been late itself.
MARGIN = timedelta(hours=1)

Why = Literal["nightly", "gap"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What upkeep remembers: the log's records and when their number last grew, the last night, a silence.

    `gap_since` is set from the end of a silence until the sites have been compared.
    """

    records: int
    grew_at: datetime
    night_at: datetime
    gap_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A comparison that is due; a gap's goes back to where the silence began, a night's over everything."""

    why: Why
    since: datetime | None = None


def looked(before: Seen | None, records: int, *, after_gap: timedelta, now: datetime) -> Seen:
    """What is remembered after a look at the log. A silence is known when it ends."""
    if before is None:
        return Seen(records=records, grew_at=now, night_at=now)
    if records == before.records:
        return before
    if records < before.records:  # another log
        return replace(before, records=records, grew_at=now)
    is_gap = now - before.grew_at >= after_gap
    gap_since = before.gap_since or (before.grew_at - MARGIN if is_gap else None)
    return replace(before, records=records, grew_at=now, gap_since=gap_since)


def due(seen: Seen, settings: UpkeepSettings, *, now: datetime) -> Due | None:
    """What is to be compared now, if anything."""
    if seen.gap_since is not None:
        return Due(why="gap", since=seen.gap_since)
    if settings.reconcile_at and seen.night_at < _last(time.fromisoformat(settings.reconcile_at), now):
        return Due(why="nightly")
    return None


def compared(seen: Seen, what: Due, *, now: datetime) -> Seen:
    """What is remembered once that is done."""
    return replace(seen, gap_since=None) if what.why == "gap" else replace(seen, night_at=now)


def _last(at: time, now: datetime) -> datetime:
    """The last moment at or before now when clocks showed that time, in UTC."""
    today = datetime.combine(now.date(), at, UTC)
    return today if today <= now else today - timedelta(days=1)
