"""What the log doesn't have yet: each kind of news, written in the transaction that made it true."""

from collections.abc import Sequence

from pydantic import TypeAdapter
from sqlalchemy import delete, select

from streams.effect import HandoverRefused, MadeDue, Outcome
from streams.outbox_schema import OUTCOMES
from streams.outbox_writer import Turn
from streams.pause import FlowChange
from streams.quota_counts import QuotaCount

Unsent = Outcome | MadeDue | HandoverRefused | FlowChange | QuotaCount

_KINDS: dict[type[Unsent], str] = {
    Outcome: "effect",
    MadeDue: "due",
    HandoverRefused: "handover",
    FlowChange: "flow",
    QuotaCount: "quota",
}
_JSON: dict[str, TypeAdapter[Unsent]] = {kind: TypeAdapter(news) for news, kind in _KINDS.items()}

# Built once: SQLAlchemy takes longer to build a statement than SQLite to run it.
_INSERT = OUTCOMES.insert()


def write(turn: Turn, news: Unsent) -> None:
    """Have it sent to the ledger, as soon as this transaction stands."""
    kind = _KINDS[type(news)]
    turn.connection.execute(_INSERT, {"kind": kind, "body": _JSON[kind].dump_json(news).decode()})


def unsent(turn: Turn, limit: int) -> list[tuple[int, Unsent]]:
    """The oldest news that nobody marked as sent."""
    rows = turn.connection.execute(select(OUTCOMES).order_by(OUTCOMES.c.id).limit(limit))
    return [(row.id, _JSON[row.kind].validate_json(row.body)) for row in rows]


def mark_sent(turn: Turn, ids: Sequence[int]) -> None:
    """Forget news that the log has; the ledger keeps them."""
    turn.connection.execute(delete(OUTCOMES).where(OUTCOMES.c.id.in_(ids)))
