"""The typed tables as they were at an earlier time, made on one connection and shared by its reports.

Entities that no row told of since then stood as they stand now: their rows of the tables are taken over,
and only the others are worked out again. The tables are temporary ones, whose names come before those of
the ledger wherever a report or a view reads them.
"""

import re
from functools import cache

from duckdb import DuckDBPyConnection

from analytics.standing import OTHERS, PER_ENTITY, STEPS, TABLES, take_steps
from analytics.statements import in_order, statement

# What a statement reads from, and the macros it calls.
_READ = re.compile(r"\b(?:from|join)\s+(\w+)|\b(\w+)\(")


class Past:
    """One connection of a version that looks back, and which tables it has of which time."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self.connection = connection
        self._as_of: object = None
        self._tables: set[str] = set()

    def look_back(self, as_of: object, report: str) -> None:
        """Have the tables that a report reads as they were then; `as_of` is UTC without a zone."""
        if self._as_of != as_of:
            self._begin(as_of)
        for table in _in_turn(tables_read(report)):
            if table not in self._tables:
                self._make(table)
                self._tables.add(table)

    def _begin(self, as_of: object) -> None:
        for table in self._tables:
            self.connection.execute(f"drop table temp.{table}")
        self._tables, self._as_of = set(), None
        self.connection.execute("set variable as_of = $as_of", {"as_of": as_of})
        for name in ("entities_since", "rows_until"):
            self.connection.execute(statement("past", name))
        take_steps(self.connection)
        self._as_of = as_of

    def _make(self, table: str) -> None:
        for kept in PER_ENTITY:
            if kept.table == table:
                source = f"step_{table}" if table in STEPS else f"touched.{table}"
                then = statement("past", "keep_then")
                sql = then.format(table=table, family=kept.family, key=kept.key, source=source)
                self.connection.execute(sql)
                return
        self.connection.execute(statement("past", "work_out_then").format(table=table))


@cache
def tables_read(report: str) -> frozenset[str]:
    """The typed tables behind a report, directly or through views and macros."""
    read, found, open_texts = _made_of_others(), set(), [statement("reports", report)]
    seen: set[str] = set()
    while open_texts:
        names = {name for pair in _READ.findall(open_texts.pop()) for name in pair}
        found |= names & set(TABLES)
        fresh = names & set(read) - seen
        seen |= fresh
        open_texts += [read[name] for name in fresh]
    return frozenset(found)


@cache
def _made_of_others() -> dict[str, str]:
    """What reads typed tables: the views, and the tables that are no entity's own with what they read."""
    definitions = dict(in_order("definitions"))
    return dict(in_order("views")) | dict(in_order("log")) | {table: definitions[table] for table in OTHERS}


def _in_turn(tables: frozenset[str]) -> list[str]:
    """Each after those that it is made of."""
    return [table for table in TABLES if table in tables and table not in OTHERS] + [
        table for table in OTHERS if table in tables
    ]
