"""One change of an effect's state: the row, its next step and the outcome to be sent, in one transaction."""

import json
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import bindparam, select, update
from sqlalchemy.engine import Row

from analytics.lifecycle import Consent
from streams.change import FINAL, READY, Change, Held
from streams.effect import Effect, Outcome, State
from streams.outbox_schema import CIRCUITS, EFFECTS, MARKS
from streams.outbox_unsent import write
from streams.outbox_writer import Turn

# A row of EFFECT_ROWS.
EffectRow = Row[Any]

_CONSENT: TypeAdapter[Consent] = TypeAdapter(Consent)

# Effects to be changed, each with what decides about its change: one question instead of three.
EFFECT_ROWS = select(
    EFFECTS,
    select(MARKS.c.reason).where(MARKS.c.effect_key == EFFECTS.c.key).scalar_subquery().label("mark"),
    select(CIRCUITS.c.failures)
    .where(CIRCUITS.c.instance_id == EFFECTS.c.instance_id)
    .scalar_subquery()
    .label("site_failures"),
)
# Built once: SQLAlchemy takes longer to build a statement than SQLite to run it.
_FIND = EFFECT_ROWS.where(EFFECTS.c.key == bindparam("asked")).with_for_update(of=EFFECTS)
_CHANGE = update(EFFECTS).where(
    EFFECTS.c.seq == bindparam("its_seq"), EFFECTS.c.step == bindparam("its_step")
)

# A change forgets what the last one said, unless it says it again.
_SAID = ("reason", "next_step", "fingerprint", "last_status", "last_code", "request_id")


def find(turn: Turn, effect_key: str) -> EffectRow | None:
    """The effect's row, locked until the end of the transaction."""
    return turn.connection.execute(_FIND, {"asked": effect_key}).first()


def change(turn: Turn, row: EffectRow, to: Change, **more: Any) -> State | None:
    """Take the change if the effect still stands at the row's step; returns its state then, else None.

    A mark wins over every change that leaves the effect to be tried again without doubt.
    `more` sets further columns of a change that no mark replaced.
    """
    if row.state in FINAL:
        return None
    obeyed = _marked(row, to)
    values = _values(turn, row, obeyed) | (more if obeyed is to else {})
    taken = turn.connection.execute(_CHANGE, {"its_seq": row.seq, "its_step": row.step, **values})
    if taken.rowcount != 1:
        return None
    _write_outcome(turn, row, obeyed, values)
    return obeyed.state


def held(row: EffectRow) -> Held:
    """The row as the runner sees it."""
    return Held(
        effect=Effect(
            key=row.key,
            flow=row.flow,
            instance_id=row.instance_id,
            order_id=row.order_id,
            event_id=row.event_id,
            event_at=row.event_at,
            payload=json.loads(row.payload or "{}"),
        ),
        state=State(row.state),
        step=row.step,
        attempts=row.attempts,
        bugs=row.bugs,
        called_at=row.called_at,
        claim_facts=json.loads(row.claim_facts or "{}"),
        accepted_id=row.wix_id if row.called_at else None,
        consent=_CONSENT.validate_json(row.consent) if row.consent else None,
    )


def _marked(row: EffectRow, to: Change) -> Change:
    if to.in_doubt or row.mark is None or to.state not in (*READY, State.CLAIMED, State.FAILED):
        return to
    return Change(state=State.SUPPRESSED, reason=row.mark, spent=to.spent, consent=to.consent)


def _values(turn: Turn, row: EffectRow, to: Change) -> dict[str, Any]:
    values = {name: getattr(to, name) for name in _SAID}
    values |= {
        "state": to.state,
        "step": row.step + 1,
        "changed_at": turn.now,
        "due_at": turn.now + timedelta(seconds=to.again_in or 0),
        "attempts": row.attempts + to.attempt,
        "bugs": row.bugs + 1 if to.bug else 0,
        "calls_seconds": row.calls_seconds + to.spent,
        "claimed_until": None,
        "claimed_by": None,
    }
    if to.wix_id is not None:
        values["wix_id"] = to.wix_id
    if to.consent is not None:
        values["consent"] = _CONSENT.dump_json(to.consent).decode()
    if not to.in_doubt:
        values |= {"called_at": None, "claim_facts": None}
    return values


def _write_outcome(turn: Turn, row: EffectRow, to: Change, values: dict[str, Any]) -> None:
    calls = values["calls_seconds"]
    consent = values.get("consent", row.consent)
    outcome = Outcome(
        effect_key=row.key,
        flow=row.flow,
        instance_id=row.instance_id,
        order_id=row.order_id,
        event_id=row.event_id,
        step=values["step"],
        state=State(values["state"]),
        at=turn.now,
        event_at=row.event_at,
        attempts=values["attempts"],
        wix_id=values.get("wix_id", row.wix_id),
        ref=values.get("ref", row.ref),
        consent=_CONSENT.validate_json(consent) if consent else None,
        next_at=values["due_at"] if values["state"] in READY else None,
        waiting_seconds=max(0.0, (turn.now - row.added_at).total_seconds() - calls),
        calls_seconds=calls,
        shipments=to.shipments,
        **{name: values[name] for name in _SAID},
    )
    write(turn, outcome)
