"""A decision becomes rows of the outbox, once, however often it is recorded."""

import json

from sqlalchemy import select

from ingest.record import Unreadable
from streams.change import OPEN, Change
from streams.effect import Decision, Effect, HandoverClaim, HandoverRefused, MadeDue, Mark, State
from streams.outbox_change import change, find
from streams.outbox_notes import is_forgotten
from streams.outbox_schema import EFFECTS, GROUPS, HANDOVERS, MARKS
from streams.outbox_unsent import write
from streams.outbox_writer import Turn
from streams.reason import KEY_REUSED


def record(turn: Turn, decision: Decision) -> int:
    """Write the decision down; returns how many effects are new.

    Raises:
        Unreadable: an id holds characters that no database keeps (NUL, lone surrogates).
    """
    _refuse_unstorable(decision)
    if any(is_forgotten(turn, site) for site in _sites(decision)):
        return 0
    for mark in decision.marks:
        _mark(turn, mark)
    if decision.handover is not None and not _is_new(turn, decision.handover):
        return 0
    added = [effect for effect in decision.effects if _add(turn, effect)]
    if not decision.has_event:
        for effect in added:
            write(turn, _made_due(turn, effect))
    return len(added)


def note_group(turn: Turn, name: str) -> None:
    """Remember that a consumer group has committed before."""
    turn.add(GROUPS, {"name": name, "noted_at": turn.now})


def knows_group(turn: Turn, name: str) -> bool:
    """Whether `note_group` was called with this name, ever."""
    return turn.connection.scalar(select(GROUPS.c.name).where(GROUPS.c.name == name)) is not None


def _add(turn: Turn, effect: Effect) -> bool:
    """Whether it is new."""
    row = {
        "key": effect.key,
        "flow": effect.flow,
        "instance_id": effect.instance_id,
        "order_id": effect.order_id,
        "event_id": effect.event_id,
        "event_at": effect.event_at,
        "payload": json.dumps(dict(effect.payload)),
        "added_at": turn.now,
        "changed_at": turn.now,
        "due_at": turn.now,
        "state": State.DUE,
    }
    if not turn.add(EFFECTS, row):
        return False
    _obey_mark(turn, effect.key)
    return True


def _made_due(turn: Turn, effect: Effect) -> MadeDue:
    return MadeDue(
        effect_key=effect.key,
        flow=effect.flow,
        instance_id=effect.instance_id,
        order_id=effect.order_id,
        event_id=effect.event_id,
        event_at=effect.event_at,
        ref=effect.ref,
        at=turn.now,
    )


def _mark(turn: Turn, mark: Mark) -> None:
    row = {
        "effect_key": mark.effect_key,
        "instance_id": mark.instance_id,
        "reason": mark.reason,
        "at": mark.at,
    }
    turn.add(MARKS, row)
    _obey_mark(turn, mark.effect_key)


def _obey_mark(turn: Turn, effect_key: str) -> None:
    """Suppress the effect now if nothing was called for it; a call in doubt is asked after first."""
    row = find(turn, effect_key)
    if row is None or row.mark is None or row.called_at is not None:
        return
    if row.state in (*OPEN, State.FAILED):
        change(turn, row, Change(state=State.SUPPRESSED, reason=row.mark))


def _is_new(turn: Turn, claim: HandoverClaim) -> bool:
    """Whether the warehouse's key was never used; a use with another body is written down as refused."""
    row = {name: getattr(claim, name) for name in HANDOVERS.c.keys()}  # noqa: SIM118 - a column collection
    if turn.add(HANDOVERS, row):
        return True
    known = turn.connection.scalar(
        select(HANDOVERS.c.body_hash).where(
            HANDOVERS.c.warehouse == claim.warehouse, HANDOVERS.c.key == claim.key
        )
    )
    if known != claim.body_hash:
        write(turn, HandoverRefused(claim=claim, reason=KEY_REUSED, at=turn.now))
    return False


def _sites(decision: Decision) -> set[str]:
    """Whom it is about: one site, or none."""
    sites = {one.instance_id for one in decision.effects} | {one.instance_id for one in decision.marks}
    return sites | ({decision.handover.instance_id} if decision.handover is not None else set())


def _refuse_unstorable(decision: Decision) -> None:
    texts = [text for effect in decision.effects for text in _ids(effect)]
    texts += [text for mark in decision.marks for text in (mark.effect_key, mark.instance_id)]
    if decision.handover is not None:
        claim = decision.handover
        texts += [claim.warehouse, claim.key, claim.instance_id, claim.order_id, claim.event_id]
    if not all(map(_is_storable, texts)):
        raise Unreadable("unstorable_id", "an id holds NUL or half of a surrogate pair")


def _ids(effect: Effect) -> tuple[str, ...]:
    return (effect.key, effect.flow, effect.instance_id, effect.order_id, effect.event_id)


def _is_storable(text: str) -> bool:
    return text.isprintable() or not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)
