"""Whether two ledgers hold the same: counts and checksums of every table, then the rows that differ.

`samples` is local to a file, as are the notes about its migrations and definitions: they are left out.
"""

import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from duckdb import DuckDBPyConnection

from analytics.ledger import Ledger
from analytics.standing import TABLES
from analytics.statements import statement

COMPARED = ("lifecycle", "sources", "row_errors", "forgotten", "offsets", *TABLES)
BUCKETS = 65_536
# A comparison that nobody ended holds old versions of rows: so many, and the oldest is let go.
HELD = 2

Rows = list[dict[str, Any]]


class MomentGone(Exception):
    """The ledger was changed or another comparison took the place: begin again."""

    def __init__(self) -> None:
        super().__init__("the moment that was held is gone; begin the comparison again")


@dataclass(slots=True)
class Moment:
    """A ledger as it stands at one offset, however much is written meanwhile."""

    _connection: DuckDBPyConnection
    _stack: ExitStack
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, ledger: Ledger) -> "Moment":
        """This moment; close it soon."""
        stack = ExitStack()
        moment = cls(stack.enter_context(ledger.present()), stack)
        # A transaction is fixed by its first read.
        moment.offsets()
        return moment

    def offsets(self) -> Rows:
        """How far each partition had been read."""
        return self._rows(statement("inner", "offsets"))

    def checksums(self) -> Rows:
        """Per table its rows and their checksum."""
        query = statement("inner", "checksum")
        return [{"table": name, **self._rows(query.format(table=name))[0]} for name in COMPARED]

    def buckets(self, table: str) -> Rows:
        """The checksums of a table's buckets; empty ones are left out."""
        query = statement("inner", "bucket_checksums")
        return self._rows(query.format(table=_known(table), buckets=BUCKETS))

    def rows(self, table: str, bucket: int) -> list[str]:
        """The rows of a bucket as JSON, the first thousand."""
        query = statement("inner", "bucket_rows").format(table=_known(table), buckets=BUCKETS)
        return [str(row["row_json"]) for row in self._rows(query, {"bucket": bucket})]

    def close(self) -> None:
        """Let go of it; may be called twice."""
        with self._turn:
            self._stack.close()

    def _rows(self, query: str, params: dict[str, object] | None = None) -> Rows:
        with self._turn:
            found = self._connection.execute(query, params or {})
            columns = [column[0] for column in found.description or ()]
            return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


class Moments:
    """The moments that the owner of a ledger holds for others. They must be let go before it is closed."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._held: dict[str, Moment] = {}

    def begin(self) -> tuple[str, Moment]:
        """Hold this moment under a new name."""
        name = uuid4().hex
        moment = Moment.of(self._ledger)
        held = {**self._held, name: moment}
        for old in list(held)[:-HELD]:
            held.pop(old).close()
        self._held = held
        return name, moment

    def find(self, name: str) -> Moment:
        """The moment of that name.

        Raises:
            MomentGone: it is not held any more.
        """
        found = self._held.get(name)
        if found is None:
            raise MomentGone
        return found

    def end(self, name: str) -> None:
        """Let go of one, if it is held."""
        moment = self._held.pop(name, None)
        if moment is not None:
            moment.close()

    def let_go(self) -> None:
        """Let go of all."""
        for name in list(self._held):
            self.end(name)


def _known(table: str) -> str:
    """The name, if it is one of ours: it becomes part of a statement."""
    if table not in COMPARED:
        raise ValueError(f"{table[:100]!r} is no table that is compared")
    return table
