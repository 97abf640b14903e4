"""Which flows are paused, and how many records or effects each bug has cost so far."""

from dataclasses import asdict
from typing import Literal

from sqlalchemy import bindparam, delete, func, select, update

from streams.change import OPEN
from streams.outbox_schema import BUGS, EFFECTS, PAUSES
from streams.outbox_unsent import write
from streams.outbox_writer import Turn
from streams.pause import GIVEN_UP, Bug, FlowChange, Paused, is_in_force

_ALL = select(PAUSES).order_by(PAUSES.c.flow)
_HELD_EFFECTS = select(func.count()).where(EFFECTS.c.flow == bindparam("asked"), EFFECTS.c.state.in_(OPEN))
_IS_EFFECT = select(EFFECTS.c.seq).where(EFFECTS.c.key == bindparam("asked"))
# Any number that nobody else in the database is likely to lock.
_LOCK = 0x70617573


def note(turn: Turn, bug: Bug, build: str) -> bool:
    """Whether what the bug failed on must be held; if not, it may be given up, and is counted.

    Asked again about the same place the answer is the same, until the flow is resumed.
    """
    _one_at_a_time(turn)
    outgrow(turn, build)
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
    return [pause for pause, _ in _known(turn) if is_in_force(pause.build, build)]


def outgrow(turn: Turn, build: str) -> list[Paused]:
    """The flows that are paused for this build; the ledger is told, once, of those that go on with it."""
    known = _known(turn)
    for pause, ended_by in known:
        if ended_by is None and not is_in_force(pause.build, build):
            ended = update(PAUSES).where(PAUSES.c.flow == pause.flow, PAUSES.c.ended_by.is_(None))
            if turn.connection.execute(ended.values(ended_by=build)).rowcount == 1:
                _tell(turn, pause, "resumed")
    return [pause for pause, _ in known if is_in_force(pause.build, build)]


def resume(turn: Turn, flow: str) -> bool:
    """Let the flow go on, and count its bugs anew; False if it was not paused."""
    turn.connection.execute(delete(BUGS).where(BUGS.c.flow == flow))
    known = {pause.flow: (pause, ended_by) for pause, ended_by in _known(turn)}
    if turn.connection.execute(delete(PAUSES).where(PAUSES.c.flow == flow)).rowcount == 0:
        return False
    pause, ended_by = known[flow]
    if ended_by is None:
        _tell(turn, pause, "resumed")
    return True


def _known(turn: Turn) -> list[tuple[Paused, str | None]]:
    """Every pause that nobody ended by hand, and which newer build goes on."""
    found = []
    for row in turn.connection.execute(_ALL).mappings():
        facts = dict(row)
        ended_by = facts.pop("ended_by")
        found.append((Paused(**facts), ended_by))
    return found


def _tell(turn: Turn, pause: Paused, state: Literal["paused", "resumed"]) -> None:
    news = FlowChange(
        flow=pause.flow,
        state=state,
        fingerprint=pause.fingerprint,
        build=pause.build,
        held=_held(turn, pause),
        at=turn.now,
    )
    write(turn, news)


def _held(turn: Turn, pause: Paused) -> int:
    """Effects that wait, and the record that met the bug; further records are known to Kafka only."""
    effects = turn.connection.scalar(_HELD_EFFECTS, {"asked": pause.flow}) or 0
    is_effect = turn.connection.scalar(_IS_EFFECT, {"asked": pause.place}) is not None
    return effects if is_effect else effects + 1


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
    pause = Paused(
        flow=bug.flow,
        build=build,
        fingerprint=bug.fingerprint,
        error=bug.error,
        place=bug.place,
        at=turn.now,
    )
    turn.connection.execute(delete(PAUSES).where(PAUSES.c.flow == bug.flow))
    turn.add(PAUSES, asdict(pause))
    _tell(turn, pause, "paused")
