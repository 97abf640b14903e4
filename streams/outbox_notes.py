"""What upkeep remembers between its runs, such as when sites were compared last: small documents by name."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from analytics.lifecycle import masked
from streams.outbox_schema import NOTES
from streams.outbox_writer import Turn


def read(turn: Turn, name: str) -> Mapping[str, Any] | None:
    """What was written under the name, if anything was."""
    body = turn.connection.scalar(select(NOTES.c.body).where(NOTES.c.name == name))
    found: Mapping[str, Any] | None = None if body is None else json.loads(body)
    return found


def write(turn: Turn, name: str, body: Mapping[str, Any] | None) -> None:
    """Remember this under the name, in place of what was there; None forgets it."""
    if body is None:
        turn.connection.execute(delete(NOTES).where(NOTES.c.name == name))
        return
    row = {"name": name, "body": json.dumps(dict(body)), "noted_at": turn.now}
    insert = (postgresql.insert if turn.dialect == "postgresql" else sqlite.insert)(NOTES).values(row)
    kept = {column: insert.excluded[column] for column in ("body", "noted_at")}
    turn.connection.execute(insert.on_conflict_do_update(index_elements=[NOTES.c.name], set_=kept))


def note_forgotten(turn: Turn, site: str) -> None:
    """Nothing of the site is taken up any more. Its id can't be read from the note."""
    write(turn, _forgotten(site), {})


def is_forgotten(turn: Turn, site: str) -> bool:
    """Whether `note_forgotten` was called for it."""
    query = select(NOTES.c.name).where(NOTES.c.name == _forgotten(site))
    return turn.connection.scalar(query) is not None


def _forgotten(site: str) -> str:
    return f"forgotten/{masked(site)}"
