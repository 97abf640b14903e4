"""Typed tables of what stands now, kept in step with the log of rows: one table per definition in SQL.

A definition (`sql/definitions`) is a view over rows. It stands three times: in the schema `history`
over the whole log (what `as_of` asks, and what the tables are checked against), in `touched` over the
rows of the entities that a batch touches, and its result, where it is kept, is a table of the same
name in `main`, which reports read.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter

from duckdb import DuckDBPyConnection

from analytics.opening import another
from analytics.statements import in_order, statement

# Rows of the entities that are read together when everything is made anew, for each MiB that DuckDB may take:
# each share reads the whole log, so the fewer the better, even if some of it is spilled.
ROWS_PER_MIB = 2500
MIB = {"KiB": 1 / 1024, "MiB": 1.0, "GiB": 1024.0, "TiB": 1024.0**2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A table kept per entity, by its number, of some families (none named: of all)."""

    table: str
    families: tuple[str, ...] = ()


STEPPING = ("store_order", "subscription", "payment")
ORDERS = ("store_order", "subscription")
PER_ENTITY = (
    Kept(table="buyers", families=ORDERS),
    Kept(table="store_orders", families=("store_order",)),
    Kept(table="parcels", families=("store_order",)),
    Kept(table="store_order_turns", families=("store_order",)),
    Kept(table="order_stretches", families=ORDERS),
    Kept(table="subscriptions", families=("subscription",)),
    Kept(table="subscription_spans", families=("subscription",)),
    Kept(table="subscription_moves", families=("subscription",)),
    Kept(table="payments", families=("payment",)),
    Kept(table="effects", families=("effect",)),
    Kept(table="status_changes", families=ORDERS),
    Kept(table="alarms"),
)
# Definitions that others read again and again: worked out once per batch, each after those before it.
# Each with the families whose entities it tells of.
STEPS = {
    "entity_events": STEPPING,
    "store_order_points": ("store_order",),
    "store_order_states": ("store_order",),
    "subscriptions": ("subscription",),
    "store_orders": ("store_order",),
    "subscription_spans": ("subscription",),
}
OTHERS = ("customers", "memberships", "site_marks", "covered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A part of all tables that is made without a look at the other: of which rows, in SQL, and what else."""

    rows: str
    has_orders: bool
    others: tuple[str, ...] = ()

    def has(self, families: tuple[str, ...]) -> bool:
        """Whether entities of such a family are on this side."""
        return ("store_order" in families) if self.has_orders else families != ("store_order",)


SIDES = (
    Side(rows="kind in ('store_order', 'fulfillments')", has_orders=True),
    Side(
        rows="kind not in ('store_order', 'fulfillments')",
        has_orders=False,
        others=("site_marks", "covered"),
    ),
)
# What the definitions read in the schema `touched`, and the writer's own table behind it.
TOUCHED = {
    "lifecycle_now": "touched_rows",
    "known_buyers": "touched_buyers",
    "known_customers": "touched_customers",
    "begun_subscriptions": "touched_subscriptions",
    "places": "touched_places",
}
TABLES = (*(kept.table for kept in PER_ENTITY), *OTHERS)


def prepare(connection: DuckDBPyConnection) -> bool:
    """Make views and tables those of this build; True if the tables were made anew from the log."""
    connection.execute("create schema if not exists history")
    connection.execute("create schema if not exists touched")
    connection.execute("create schema if not exists shapes")
    is_old = is_behind(connection)
    if is_old:
        leave_behind(connection)
        _create_views(connection)
        if is_any(connection, "main.lifecycle"):
            remake_by_two(connection)
            return True
        # Nor are there rows in any table, as they were just made: to work them out takes a third of a start.
        _note_definitions(connection)
    _make_touched(connection)
    return is_old


def is_behind(connection: DuckDBPyConnection) -> bool:
    """Whether the tables are not those that this build gives for the log of rows."""
    return connection.execute(statement("standing", "made_by")).fetchall() != [(_digest(),)]


def leave_behind(connection: DuckDBPyConnection) -> None:
    """Note that rows came that the tables don't tell of: they have to be made anew."""
    connection.execute("delete from main.derived")


def remake(connection: DuckDBPyConnection) -> None:
    """Empty the tables and fill them from the log of rows, a share of all entities at a time."""
    _empty(connection)
    for side in SIDES:
        _fill_side(connection, side)
    _finish(connection)


def remake_by_two(connection: DuckDBPyConnection) -> None:
    """As `remake`, two statements at a time: none by itself keeps two cores busy from first row to last.

    Not in a transaction, since each has its own: until all is done, the tables are left behind.
    """
    leave_behind(connection)
    _empty(connection)
    with ThreadPoolExecutor(len(SIDES)) as pool:
        for done in [pool.submit(_fill_apart, another(connection), side) for side in SIDES]:
            done.result()
    _finish(connection)


def _empty(connection: DuckDBPyConnection) -> None:
    for table in TABLES:
        connection.execute(statement("standing", "make").format(table=table))
    if is_restated(connection):
        _run(connection, "judge_all")


def _fill_apart(connection: DuckDBPyConnection, side: Side) -> None:
    try:
        _fill_side(connection, side)
    finally:
        connection.close()


def _fill_side(connection: DuckDBPyConnection, side: Side) -> None:
    for _ in shares(connection, "main", side.rows):
        for kept in PER_ENTITY:
            if not kept.families or side.has(kept.families):
                _fill(connection, kept.table)
    for table in side.others:
        connection.execute(statement("standing", "keep").format(table=table, source=f"history.{table}"))


def _finish(connection: DuckDBPyConnection) -> None:
    """What follows from the tables of entities."""
    _run(connection, "link_all_buyers")
    _keep_customers(connection)
    _run(connection, "gather_all_subscriptions")
    _fill(connection, "memberships")
    _make_touched(connection)
    _note_definitions(connection)


def _note_definitions(connection: DuckDBPyConnection) -> None:
    """The tables are those that this build gives for the log of rows."""
    leave_behind(connection)
    connection.execute("insert into main.derived values (?)", [_digest()])


def is_any(connection: DuckDBPyConnection, table: str, such: str = "true") -> bool:
    """Whether a table has any row, or any of which something is true."""
    sql = statement("standing", "any_of").format(table=table, such=such)
    return connection.execute(sql).fetchone() is not None


def differences(connection: DuckDBPyConnection) -> dict[str, int]:
    """Rows that a table has and the log of rows does not give, or the other way round, by table."""
    try:
        return {table: rows for table, rows in _differences(connection).items() if rows}
    finally:
        _make_touched(connection)


def _differences(connection: DuckDBPyConnection) -> dict[str, int]:
    found = dict.fromkeys(TABLES, 0)
    for share, of in shares(connection, "history"):
        for kept in PER_ENTITY:
            ours = statement("standing", "kept_share")
            connection.execute(ours.format(table=kept.table, shares=of, share=share))
            found[kept.table] += _differing(connection, "kept_share", source(kept.table))
    # Who is one customer follows from the pairs compared above.
    _run(connection, "link_all_buyers")
    _work_out(connection, "touched_customers", "touched.customers")
    _run(connection, "gather_all_subscriptions")
    for table, given in (("customers", "touched_customers"), ("memberships", "touched.memberships")):
        found[table] = _differing(connection, f"main.{table}", given)
    for table in ("site_marks", "covered"):
        found[table] = _differing(connection, f"main.{table}", f"history.{table}")
    return found


def _differing(connection: DuckDBPyConnection, kept: str, given: str) -> int:
    sql = statement("standing", "differ").format(kept=kept, given=given)
    return int(connection.execute(sql).fetchall()[0][0])


def shares(connection: DuckDBPyConnection, schema: str, rows_of: str = "true") -> Iterator[tuple[int, int]]:
    """Work out the steps of all entities of such rows, share by share; yields its number, and of how many."""
    number = _number_of_shares(connection)
    _drop_rows(connection)
    # What stands now is read where it lies; what the whole log gives is found once, not by each reader.
    kind = "view" if schema == "main" else "table"
    for share in range(number):
        read = statement("standing", "read_share")
        connection.execute(read.format(kind=kind, schema=schema, rows_of=rows_of, shares=number, share=share))
        take_steps(connection)
        yield share, number


def _number_of_shares(connection: DuckDBPyConnection) -> int:
    sql = "select count(*), current_setting('memory_limit') from main.lifecycle"
    ((rows, memory),) = connection.execute(sql).fetchall()
    number, unit = memory.split()
    at_once = float(number) * MIB[unit] * ROWS_PER_MIB
    return max(1, math.ceil(int(rows) / at_once))


def create_views(connection: DuckDBPyConnection, schema: str, views: Mapping[str, str]) -> None:
    """Create views and macros in a schema, each after those it reads."""
    connection.execute(f"set schema = '{schema}'")
    for name in _in_turn(views):
        connection.execute(views[name])
    connection.execute("set schema = 'main'")


def _in_turn(views: Mapping[str, str]) -> Iterable[str]:
    """The names of views and macros, each after those it reads."""
    reads = {
        name: {other for other in views if other != name and _reads(sql, other)}
        for name, sql in views.items()
    }
    return TopologicalSorter(reads).static_order()


def _keep_customers(connection: DuckDBPyConnection) -> None:
    """Who is one customer among the linked buyers; what follows from it reads the same rows again."""
    _work_out(connection, "touched_customers", "touched.customers")
    connection.execute(statement("standing", "keep").format(table="customers", source="touched_customers"))


def is_restated(connection: DuckDBPyConnection, beside: str = "shapes.touched_rows") -> bool:
    """Whether events of the ledger, and of the rows beside it, were read by more than one mapping version."""
    sql = statement("standing", "restated").format(beside=beside)
    (is_so,) = connection.execute(sql).fetchone() or (False,)
    return bool(is_so)


def _create_views(connection: DuckDBPyConnection) -> None:
    """Every view and macro of this build, and the tables, empty."""
    for (view,) in connection.execute(statement("standing", "old_views")).fetchall():
        connection.execute(f'drop view main."{view}"')
    definitions, views = dict(in_order("definitions")), dict(in_order("views"))
    create_views(connection, "main", dict(in_order("basics")))
    create_views(connection, "history", dict(in_order("log")) | definitions | views)
    for root, table in TOUCHED.items():
        _shape(connection, table, f"history.{root}")
    create_views(connection, "touched", dict(in_order("touched")))
    _create_touched(connection, definitions)
    for table in TABLES:
        connection.execute(statement("standing", "make").format(table=table))
    create_views(connection, "main", dict(in_order("now")) | views)


def _create_touched(connection: DuckDBPyConnection, definitions: Mapping[str, str]) -> None:
    """The definitions over what a batch touches: they read the results of the steps."""
    step = rf"\b(from|join) ({'|'.join(STEPS)})\b"
    for name in _in_turn(definitions):
        connection.execute("set schema = 'touched'")
        connection.execute(re.sub(step, r"\1 step_\2", definitions[name]))
        connection.execute("set schema = 'main'")
        if name in STEPS:
            _shape(connection, f"step_{name}", f"touched.{name}")


def _make_touched(connection: DuckDBPyConnection) -> None:
    """The writer's own tables that each batch fills, empty."""
    _drop_rows(connection)
    for table in (*TOUCHED.values(), *(f"step_{step}" for step in STEPS)):
        _work_out(connection, table, f"shapes.{table}")


def _drop_rows(connection: DuckDBPyConnection) -> None:
    """Let go of the rows that the definitions read: a view of a share, or a table of a batch's."""
    ((is_shared,),) = connection.execute(statement("standing", "is_shared")).fetchall()
    connection.execute(f"drop {'view' if is_shared else 'table'} if exists temp.touched_rows")


def _shape(connection: DuckDBPyConnection, table: str, source: str) -> None:
    """Make such a table, and keep its columns: to read them from the definitions takes long at each start."""
    connection.execute(statement("standing", "shape").format(table=table, source=source))
    _work_out(connection, table, f"shapes.{table}")


def take_steps(connection: DuckDBPyConnection, steps: Iterable[str] = STEPS) -> None:
    """Work out, from `touched_rows`, what several definitions read; each step after those before it."""
    for step in steps:
        _work_out(connection, f"step_{step}", f"touched.{step}")


def _work_out(connection: DuckDBPyConnection, table: str, source: str) -> None:
    connection.execute(statement("standing", "work_out").format(table=table, source=source))


def _fill(connection: DuckDBPyConnection, table: str) -> None:
    connection.execute(statement("standing", "keep").format(table=table, source=source(table)))


def source(table: str) -> str:
    """Where the rows of a table are worked out, of what is touched."""
    return f"step_{table}" if table in STEPS else f"touched.{table}"


def _run(connection: DuckDBPyConnection, *names: str) -> None:
    for name in names:
        connection.execute(statement("standing", name))


@cache
def _digest() -> str:
    """Of every text that has a say in what the tables hold."""
    folders = ("basics", "log", "definitions", "views", "now", "touched", "standing")
    texts: Iterable[str] = (f"{name}\n{sql}" for folder in folders for name, sql in in_order(folder))
    return hashlib.sha256("\n".join([*texts, repr(PER_ENTITY), repr(OTHERS)]).encode()).hexdigest()


def _reads(sql: str, other: str) -> bool:
    """Whether a statement reads from a view, or calls a macro, of that name."""
    return re.search(rf"\b(from|join)\s+{other}\b|\b{other}\(", sql) is not None
