"""A DuckDB file of any age becomes one with today's tables."""

import hashlib
from datetime import UTC, datetime

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
