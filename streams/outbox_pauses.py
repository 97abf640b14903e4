"""Which flows are paused, and how many records or effects each bug has cost so far."""

from sqlalchemy import delete, func, select

from streams.outbox_schema import BUGS, PAUSES
from streams.outbox_writer import Turn
from streams.pause import GIVEN_UP, Bug, Paused, is_in_force

_ALL = select(PAUSES).order_by(PAUSES.c.flow)
# Any number that nobody else in the database is likely to lock.
_LOCK = 0x70617573


def note(turn: Turn, bug: Bug, build: str) -> bool:
    """Whether what the bug failed on must be held; if not, it may be given up, and is counted.

    Asked again about the same place the answer is the same, until the flow is resumed.
    """
    _one_at_a_time(turn)
    if _is_given_up(turn, bug, build):
        return False
    if any(paused.flow == bug.flow for paused in in_force(turn, build)):
        return True
    if _cost(turn, bug, build) >= GIVEN_UP:
        _pause(turn, bug, build)
        return True
    row = {"flow": bug.flow, "build": build, "fingerprint": bug.fingerprint, "place": bug.place}
    turn.add(BUGS, row | {"at": turn.now})
    return False


def in_force(turn: Turn, build: str) -> list[Paused]:
    """The flows that are paused for this build."""
    rows = turn.connection.execute(_ALL).mappings()
    return [Paused(**row) for row in rows if is_in_force(row["build"], build)]


def resume(turn: Turn, flow: str) -> bool:
    """Let the flow go on, and count its bugs anew; False if it was not paused."""
    turn.connection.execute(delete(BUGS).where(BUGS.c.flow == flow))
    return turn.connection.execute(delete(PAUSES).where(PAUSES.c.flow == flow)).rowcount > 0


def _one_at_a_time(turn: Turn) -> None:
    """Two workers must not both count two; SQLite's transactions never overlap."""
    if turn.dialect == "postgresql":
        turn.connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def _is_given_up(turn: Turn, bug: Bug, build: str) -> bool:
    known = select(BUGS.c.place).where(
        BUGS.c.flow == bug.flow,
        BUGS.c.build == build,
        BUGS.c.fingerprint == bug.fingerprint,
        BUGS.c.place == bug.place,
    )
    return turn.connection.scalar(known) is not None


def _cost(turn: Turn, bug: Bug, build: str) -> int:
    counted = select(func.count()).where(
        BUGS.c.flow == bug.flow, BUGS.c.build == build, BUGS.c.fingerprint == bug.fingerprint
    )
    return turn.connection.scalar(counted) or 0


def _pause(turn: Turn, bug: Bug, build: str) -> None:
    turn.connection.execute(delete(PAUSES).where(PAUSES.c.flow == bug.flow))
    row = {"flow": bug.flow, "build": build, "fingerprint": bug.fingerprint, "error": bug.error}
    turn.add(PAUSES, row | {"place": bug.place, "at": turn.now})
