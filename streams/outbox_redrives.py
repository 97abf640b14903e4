"""Which dead letters were sent again: written down before and after, so that none goes twice."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from streams.outbox_schema import REDRIVES
from streams.outbox_writer import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrive:
    """A dead letter that is being sent again.

    `is_new`: nobody began before. Else, while `done_at` is None, somebody began at `begun_at` and
    never said whether the record reached the log: the log has to be asked.
    """

    is_new: bool = False
    begun_at: datetime
    done_at: datetime | None = None


def begin(turn: Turn, place: str) -> Redrive:
    """Write down the intent, or return what was written down before."""
    if turn.add(REDRIVES, {"place": place, "begun_at": turn.now}):
        return Redrive(is_new=True, begun_at=turn.now)
    return known(turn)[place]


def end(turn: Turn, place: str) -> None:
    """The record is on the log."""
    turn.connection.execute(update(REDRIVES).where(REDRIVES.c.place == place).values(done_at=turn.now))


def known(turn: Turn) -> dict[str, Redrive]:
    """All of them, by the place of the record that failed."""
    rows = turn.connection.execute(select(REDRIVES))
    return {row.place: Redrive(begun_at=row.begun_at, done_at=row.done_at) for row in rows}
