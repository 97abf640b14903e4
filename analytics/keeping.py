"""The typed tables follow a batch of rows: what it touches is read and worked out anew, and takes its place.

Everything is looked up before the batch is added to the log of rows, by the number of its entity.
"""

import re
from collections.abc import Set
from functools import cache

from duckdb import DuckDBPyConnection

from analytics.standing import ORDERS, PER_ENTITY, STEPPING, STEPS, is_any, is_restated, source
from analytics.statements import statement

# The customers of the touched ids; and, of those, the ones that new pairs link.
MET = "select customer_number from met_ids"
_LINKED = "select unnest([contact_of, member_of]) from pairs_linking"


def keep_up(connection: DuckDBPyConnection, arriving: str) -> None:
    """Add the arriving rows to the log and bring the tables up to date, in their transaction.

    `arriving` names the rows; where they came from is in `arriving_sources`.
    """
    _run(connection, "coming_rows", arriving=arriving)
    _run(connection, "touch")
    has_quota, may_be_restated, may_mark = _one(connection, "coming_like")
    is_read_anew = may_be_restated and is_restated(connection, beside="coming_rows")
    if is_read_anew:
        _run(connection, "touch_restated")
    _read_before(connection, has_quota=has_quota)
    _run(connection, "read_touched", "buyers_before", "read_coming", "add_rows", "add_seen_again")
    is_superseded = is_read_anew and _leave_superseded(connection)
    _keep_tables(connection)
    if is_superseded:
        _run(connection, "forget_sites", "keep_sites")
    elif may_mark:
        _run(connection, "merge_sites")
    _keep_places(connection)


def _read_before(connection: DuckDBPyConnection, *, has_quota: bool) -> None:
    """What is here already of the entities that the batch touches, and which of its rows are new."""
    _run(connection, "find_rows")
    if has_quota:
        _run(connection, "find_quota_rows")
    is_seen, is_earlier = _one(connection, "seen_again")
    if is_earlier:
        _run(connection, "known_earlier")
    if is_seen:
        _run(connection, "drop_seen")
    _run(connection, "known_entities")


def _leave_superseded(connection: DuckDBPyConnection) -> bool:
    """Whether rows no longer count because of others in the batch, or the other way round."""
    if not _made(connection, "superseded_rows"):
        return False
    _run(connection, "stand_down", "leave_out")
    return True


def _keep_tables(connection: DuckDBPyConnection) -> None:
    found = dict(connection.execute(statement("standing", "look")).fetchall())
    touched, known = set(found), {family for family, is_known in found.items() if is_known}
    if touched.intersection(STEPPING):
        _take_steps(connection, touched)
    for kept in PER_ENTITY:
        if known.intersection(kept.families or known):
            _run(connection, "forget", table=kept.table)
        if touched.intersection(kept.families or touched) and kept.table != "buyers":
            _keep(connection, kept.table)
    if touched.intersection(ORDERS):
        _keep_buyers(connection, touched)


def _take_steps(connection: DuckDBPyConnection, touched: Set[str]) -> None:
    """Those of families that are not touched are left empty, which costs half as much."""
    for step, families in STEPS.items():
        schema = "shapes.step_" if touched.isdisjoint(families) else "touched."
        _run(connection, "work_out", table=f"step_{step}", source=f"{schema}{step}")


def _keep_buyers(connection: DuckDBPyConnection, touched: Set[str]) -> None:
    """Who ordered; who is one customer by that; and whose subscriptions are whose."""
    _run(connection, "name_buyers")
    _run(connection, "keep", table="buyers", source="named_now")
    _run(connection, "pairs_changed")
    _run(connection, "begun_anew", begun=_begun())
    _run(connection, "note_ids", "meet_customers")
    is_changed = _keep_customers(connection)
    if is_changed or "subscription" in touched:
        _run(connection, "touch_names")
        if _made(connection, "gather_memberships"):
            _run(connection, "forget_memberships")
        _run(connection, "gather_begun", "name_customers")
        _keep(connection, "memberships")


def _keep_customers(connection: DuckDBPyConnection) -> bool:
    """Whether anybody is another customer than before."""
    if is_any(connection, "pairs_changed", "not is_won"):
        # What a pair joined may fall apart: all orders of its customer are asked.
        gathered = _made(connection, "gather", numbers=MET)
        _run(connection, "gather_ids", "link_buyers")
    else:
        is_linking = _made(connection, "pairs_linking")
        gathered = _made(connection, "gather", numbers=_LINKED)
        if not is_linking:
            _run(connection, "work_out", table="touched_customers", source="shapes.touched_customers")
            return False
        _run(connection, "link_gathered")
    _run(connection, "work_out", table="touched_customers", source="touched.customers")
    if gathered:
        _run(connection, "forget_customers")
    _run(connection, "keep", table="customers", source="touched_customers")
    return True


def _keep_places(connection: DuckDBPyConnection) -> None:
    """Which offsets the arriving rows account for; mostly they go on where the last ones ended."""
    if not _made(connection, "note_places"):
        return
    if not is_any(connection, "noted_places", "not goes_on"):
        _run(connection, "stretch_places")
        return
    _run(connection, "touch_places", "forget_places")
    _keep(connection, "covered")


@cache
def _begun() -> str:
    """The view of begun subscriptions over those that were just worked out."""
    _, _, view = statement("views", "begun_subscriptions").partition(" as\n")
    return re.sub(r"\bfrom subscriptions\b", "from step_subscriptions", view)


def _keep(connection: DuckDBPyConnection, table: str) -> None:
    _run(connection, "keep", table=table, source=source(table))


def _made(connection: DuckDBPyConnection, name: str, **blanks: str) -> int:
    """Make a table of the writer's own; of how many rows."""
    sql = statement("standing", name)
    (rows,) = connection.execute(sql.format(**blanks) if blanks else sql).fetchone() or (0,)
    return int(rows)


def _one(connection: DuckDBPyConnection, name: str) -> tuple[bool, ...]:
    return connection.execute(statement("standing", name)).fetchone() or ()


def _run(connection: DuckDBPyConnection, *names: str, **blanks: str) -> None:
    for name in names:
        sql = statement("standing", name)
        connection.execute(sql.format(**blanks) if blanks else sql)
