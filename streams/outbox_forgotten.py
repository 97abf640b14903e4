"""A site or a person is forgotten in the outbox: what names them goes, and nothing is done twice for it."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, delete, func, or_, select, update

from streams.change import FINAL
from streams.effect import Decision, Mark
from streams.outbox_intake import record
from streams.outbox_notes import note_forgotten
from streams.outbox_schema import BUGS, CIRCUITS, EFFECTS, HANDOVERS, LEASES, MARKS, NOTES, OUTCOMES
from streams.outbox_writer import Turn
from streams.reason import ANONYMIZED

_OF_A_SITE: tuple[Table, ...] = (EFFECTS, MARKS, HANDOVERS, LEASES, CIRCUITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrubbed:
    """What came of it. `in_doubt`: calls to Wix that may have been made, and are asked after first."""

    effects: int
    suppressed: int = 0
    in_doubt: int = 0


def forget_site(turn: Turn, site: str) -> Scrubbed:
    """Take away everything of the site; what its events make due later is not taken up."""
    _overwrite(turn)
    query = select(func.count()).select_from(EFFECTS).where(EFFECTS.c.instance_id == site)
    effects = turn.connection.scalar(query) or 0
    for table in _OF_A_SITE:
        turn.connection.execute(delete(table).where(table.c.instance_id == site))
    for column in (OUTCOMES.c.body, BUGS.c.place, NOTES.c.name):
        turn.connection.execute(delete(column.table).where(column.contains(site, autoescape=True)))
    note_forgotten(turn, site)
    return Scrubbed(effects=effects)


def forget_person(turn: Turn, site: str, order_ids: Collection[str], ids: Collection[str]) -> Scrubbed:
    """Empty what the effects of the person's orders were made from; none that is not done yet is done."""
    _overwrite(turn)
    theirs = _of_person(site, order_ids, ids)
    rows = turn.connection.execute(select(EFFECTS).where(theirs)).all()
    open_ = [row for row in rows if row.state not in FINAL]
    marks = tuple(Mark(effect_key=row.key, instance_id=site, reason=ANONYMIZED, at=turn.now) for row in open_)
    record(turn, Decision(marks=marks))
    emptied = update(EFFECTS).where(theirs, EFFECTS.c.state.in_(FINAL))
    turn.connection.execute(emptied.values(payload="", claim_facts=None, consent=None, wix_id=None))
    in_doubt = sum(row.called_at is not None for row in open_)
    return Scrubbed(effects=len(rows), suppressed=len(open_) - in_doubt, in_doubt=in_doubt)


def _of_person(site: str, order_ids: Collection[str], ids: Collection[str]) -> ColumnElement[bool]:
    named = [EFFECTS.c.claim_facts.contains(one, autoescape=True) for one in ids]
    return (EFFECTS.c.instance_id == site) & or_(EFFECTS.c.order_id.in_(list(order_ids)), *named)


def _overwrite(turn: Turn) -> None:
    """SQLite leaves what it deletes in its file, unless told; PostgreSQL until its next vacuum."""
    if turn.dialect == "sqlite":
        turn.connection.exec_driver_sql("pragma secure_delete = on")
