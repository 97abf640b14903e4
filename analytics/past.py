"""The typed tables as they were at an earlier time, made on one connection and shared by its reports.

Entities that no row told of since then stood as they stand now: their rows of the tables are read where they
are, and only the others are worked out again, those of the families that a report tells of. What shows both
is a temporary view, whose name comes before that of the ledger's table wherever a report or a view reads it.
"""

import re
from collections.abc import Sequence
from functools import cache

from duckdb import DuckDBPyConnection

from analytics.keeping import MET
from analytics.standing import OTHERS, PER_ENTITY, STEPS, TABLES, is_restated, source, take_steps
from analytics.statements import in_order, statement

# What a statement reads from, and the macros it calls.
_READ = re.compile(r"\b(?:from|join)\s+(\w+)|\b(\w+)\(")

_WORD = re.compile(r"\w+")

# Alarms are raised by events of any family, and some families have no other table.
EVERY_FAMILY = frozenset({"of any"}).union(*(kept.families for kept in PER_ENTITY))


class Past:
    """One connection of a version that looks back, and which tables it has of which time."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self.connection = connection
        # None until it has looked back.
        self.as_of: object = None
        self._made: list[tuple[str, str]] = []
        self._tables: set[str] = set()
        self._gathered = self._columns = frozenset[str]()
        self._steps: set[str] = set()

    def look_back(self, as_of: object, report: str) -> None:
        """Have the tables that a report reads as they were then; `as_of` is UTC without a zone."""
        if self.as_of != as_of:
            self._begin(as_of)
        missing = [table for table in _in_turn(tables_read(report)) if table not in self._tables]
        self._gather(missing)
        for table in missing:
            self._make(table)
            self._tables.add(table)

    def _begin(self, as_of: object) -> None:
        while self._made:
            kind, name = self._made.pop()
            self.connection.execute(f"drop {kind} temp.{name}")
        self._tables, self._gathered, self._columns, self.as_of = set(), frozenset(), frozenset(), None
        self.connection.execute("set variable as_of = $as_of", {"as_of": as_of})
        self.as_of = as_of

    def _gather(self, tables: Sequence[str]) -> None:
        """What tells of entities, of these tables' families, that did not stand then as they do now."""
        of_entities = [table for table in tables if _families(table)]
        families = frozenset(family for table in of_entities for family in _families(table))
        columns = frozenset(word for table in of_entities for word in columns_read(table))
        if families <= self._gathered and columns <= self._columns:
            return
        self._gathered, self._columns, self._steps = families, columns, set()
        chosen = None if families >= EVERY_FAMILY else sorted(families)
        self.connection.execute(statement("past", "entities_since"), {"families": chosen})
        # What stands now stood since it was known, unless it was read anew.
        schema = "history" if is_restated(self.connection) else "main"
        self.connection.execute(statement("past", "rows_until").format(schema=schema, unread=self._unread()))

    def _unread(self) -> str:
        listed = self.connection.execute(statement("past", "lifecycle_columns")).description
        unread = [name for name, *_ in listed if name not in self._columns]
        return ", ".join(f'case when false then "{name}" end as "{name}"' for name in unread)

    def _make(self, table: str) -> None:
        missing = [step for step in steps_to(table) if step not in self._steps]
        take_steps(self.connection, missing)
        self._steps.update(missing)
        if table == "customers":
            self._gather_customers()
            self._show(table, gone="gathered_customers", source="touched.customers")
        elif table in OTHERS:
            self._run("table", table, "work_out_then", table=table)
        else:
            if table == "buyers":
                # While the name still means the table of the ledger.
                self.connection.execute(statement("past", "note_buyers_then"))
            self._run("table", f"{table}_gone", "note_gone", table=table)
            self._show(table, gone=f"{table}_gone", source=source(table))

    def _gather_customers(self) -> None:
        """Who is one customer: among all whom a changed pair touches anew, the others as now."""
        self.connection.execute(statement("standing", "meet_customers"))
        self.connection.execute(statement("standing", "gather").format(numbers=MET))
        self.connection.execute(statement("standing", "gather_ids"))
        self.connection.execute(statement("past", "link_buyers_then"))

    def _show(self, table: str, *, gone: str, source: str) -> None:
        """A table as it was: without the rows whose places are `gone`, and with those worked out."""
        self._run("table", f"{table}_then", "keep_then", table=table, source=source)
        self._run("view", table, "show_then", table=table, gone=gone)

    def _run(self, kind: str, made: str, name: str, **blanks: str) -> None:
        self.connection.execute(statement("past", name).format(**blanks))
        self._made.append((kind, made))


def _families(table: str) -> frozenset[str]:
    """The families of entities whose rows a table is made of; none, if it is no entity's own."""
    if table == "customers":
        return _families("buyers")
    for kept in PER_ENTITY:
        if kept.table == table:
            return frozenset(kept.families) or EVERY_FAMILY
    return frozenset()


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
def columns_read(table: str) -> frozenset[str]:
    """Every word of the definitions that a table of entities is made of, those of columns among them."""
    definitions = dict(in_order("definitions"))
    texts = [definitions[name] for name in {table, *steps_to(table)}]
    return frozenset(word for text in texts for word in _WORD.findall(text))


@cache
def steps_to(table: str) -> tuple[str, ...]:
    """The steps that a table of entities is made of, in their order; itself, if it is one."""
    definitions, found, open_names = dict(in_order("definitions")), set(), [table]
    while open_names:
        name = open_names.pop()
        if name not in found and name in definitions:
            found.add(name)
            open_names += [other for pair in _READ.findall(definitions[name]) for other in pair]
    return tuple(step for step in STEPS if step in found)


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
