"""A DuckDB file of any age becomes one with today's tables and views."""

import hashlib
import re
from datetime import UTC, datetime
from graphlib import TopologicalSorter

from duckdb import DuckDBPyConnection

from analytics.statements import in_order, statement


class SchemaMismatch(Exception):
    """The file was made by another build: by a newer one, or by one whose released migration was edited."""


def migrate(connection: DuckDBPyConnection) -> list[str]:
    """Apply the migrations that the file has not seen, each in one transaction; returns their names.

    Raises:
        SchemaMismatch: the file holds a migration that this build doesn't, or holds it with another text.
    """
    connection.execute(statement("append", "migrations_table"))
    known = dict(connection.execute("select name, sha256 from schema_migrations").fetchall())
    ours = {name: (sql, hashlib.sha256(sql.encode()).hexdigest()) for name, sql in in_order("migrations")}
    for name, digest in known.items():
        _check(name, digest, ours)
    fresh = [name for name in ours if name not in known]
    for name in fresh:
        _apply(connection, name, *ours[name])
    return fresh


def create_views(connection: DuckDBPyConnection) -> None:
    """Create every view and macro again in one transaction, so that they are always those of this build."""
    views = dict(in_order("views"))
    reads = {
        name: {other for other in views if other != name and _reads(sql, other)}
        for name, sql in views.items()
    }
    connection.execute("begin")
    try:
        for name in TopologicalSorter(reads).static_order():
            connection.execute(views[name])
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def _reads(sql: str, other: str) -> bool:
    """Whether a statement reads from a view, or calls a macro, of that name."""
    return re.search(rf"\b(from|join)\s+{other}\b|\b{other}\(", sql) is not None


def _check(name: str, digest: str, ours: dict[str, tuple[str, str]]) -> None:
    if name not in ours:
        raise SchemaMismatch(
            f"the ledger holds migration {name}, unknown to this build: it was written by a newer one. "
            "Run that build, or rebuild the ledger from the log with this one."
        )
    if ours[name][1] != digest:
        raise SchemaMismatch(
            f"migration {name} was changed after it was applied to this ledger. "
            "Put the released text back, or rebuild the ledger from the log."
        )


def _apply(connection: DuckDBPyConnection, name: str, sql: str, digest: str) -> None:
    connection.execute("begin")
    try:
        connection.execute(sql)
        applied_at = datetime.now(UTC).replace(tzinfo=None)
        connection.execute("insert into schema_migrations values (?, ?, ?)", [name, digest, applied_at])
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")
