"""What people ask the outbox: which effects there are, how one stands, and another try for failed ones."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select, text, true, update

from streams.change import Change, Listed, Wanted
from streams.effect import State
from streams.outbox_change import EFFECT_ROWS, EffectRow, change, held
from streams.outbox_schema import EFFECTS, HAS_PAYLOAD
from streams.outbox_writer import Turn
from streams.reason import REDRIVEN


def counts(turn: Turn) -> dict[State, int]:
    """How many effects stand in each state; states without any are 0."""
    found = turn.connection.execute(select(EFFECTS.c.state, func.count()).group_by(EFFECTS.c.state))
    by_state: dict[str, int] = {row[0]: row[1] for row in found}
    return {state: by_state.get(state, 0) for state in State}


def listing(turn: Turn, wanted: Wanted, limit: int) -> list[Listed]:
    """The newest effects that fit, newest first."""
    query = select(EFFECTS).where(*_fits(wanted)).order_by(EFFECTS.c.seq.desc()).limit(limit)
    return [_listed(row) for row in turn.connection.execute(query)]


def redrive(turn: Turn, wanted: Wanted, *, dry_run: bool) -> list[Listed]:
    """Failed effects that fit become due again with all their attempts; returns them as they stood.

    Where a call is still in doubt, the effect comes back as doubtful, so that Wix is asked first.
    """
    query = EFFECT_ROWS.where(EFFECTS.c.state == State.FAILED, *_fits(wanted)).order_by(EFFECTS.c.seq)
    if dry_run:
        return [_listed(row) for row in turn.connection.execute(query)]
    rows = turn.connection.execute(query.with_for_update(of=EFFECTS)).all()
    return [_listed(row) for row in rows if _again(turn, row)]


def prune(turn: Turn, kept: timedelta, limit: int) -> int:
    """Empty the payload of effects that have been final for longer than `kept`; returns how many.

    Key, outcome, Wix's id and times stay, so that nothing is done twice and people can ask.
    """
    old = (
        select(EFFECTS.c.seq)
        .where(text(HAS_PAYLOAD), EFFECTS.c.changed_at < turn.now - kept)
        .order_by(EFFECTS.c.changed_at)
        .limit(limit)
    )
    emptied = update(EFFECTS).where(EFFECTS.c.seq.in_(turn.connection.scalars(old).all()))
    return turn.connection.execute(emptied.values(payload="", claim_facts=None, consent=None)).rowcount


def _again(turn: Turn, row: EffectRow) -> bool:
    in_doubt = row.called_at is not None
    state = State.DOUBTFUL if in_doubt else State.WAITING
    return change(turn, row, Change(state=state, reason=REDRIVEN, in_doubt=in_doubt), attempts=0) is not None


def _fits(wanted: Wanted) -> Sequence[ColumnElement[bool]]:
    asked = {
        "flow": wanted.flow,
        "state": wanted.state,
        "reason": wanted.reason,
        "instance_id": wanted.instance_id,
        "order_id": wanted.order_id,
        "key": wanted.key,
        "fingerprint": wanted.fingerprint,
    }
    fits = [EFFECTS.c[name] == value for name, value in asked.items() if value is not None]
    if wanted.since is not None:
        fits.append(EFFECTS.c.changed_at >= wanted.since)
    if wanted.keys is not None:
        fits.append(EFFECTS.c.key.in_(wanted.keys))
    return fits or [true()]


def _listed(row: EffectRow) -> Listed:
    names = (
        "added_at changed_at due_at claimed_until claimed_by ref wix_id reason next_step fingerprint "
        "last_status last_code request_id"
    )
    return Listed(held=held(row), **{name: getattr(row, name) for name in names.split()})
