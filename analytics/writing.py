"""What is written in the transaction of a batch: its rows, where they came from, how far it reaches."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

import pyarrow as pa
from duckdb import DuckDBPyConnection

from analytics.batch import Batch, read_batch
from analytics.forgetting import obeying
from analytics.keeping import keep_up
from analytics.loading import Spooled, forget_spool
from analytics.standing import remake
from analytics.statements import statement
from analytics.wire import facts_structure, typed_columns


def write_batch(connection: DuckDBPyConnection, batch: Batch) -> None:
    """Merge a batch into the log of rows and bring the typed tables up to date with it."""
    insert(connection, "add_errors", arriving_errors=batch.errors)
    if batch.rows.num_rows:
        with _arriving(connection, batch):
            rows, is_forgetting = obeying(connection)
            execute(connection, "add_sources")
            if is_forgetting:
                # It reaches back to any row, and comes seldom.
                _merge(connection, rows)
                remake(connection)
            else:
                keep_up(connection, rows)


def write_spool(
    connection: DuckDBPyConnection, found: Spooled, *, topic: str, partition: int, topic_id: str
) -> None:
    """Merge what was read from a spool into the log of rows, and nothing else."""
    if found.is_readable:
        rows, _ = obeying(connection)
        ((is_known,),) = connection.execute(statement("load", "is_known")).fetchall()
        if is_known:
            _merge(connection, rows)
        else:
            # Twice as quick as looking for each of them again.
            connection.execute(statement("load", "add_rows").format(arriving=rows))
        execute(connection, "add_sources")
        forget_spool(connection)
    for records in found.doubted:
        batch = read_batch(records, topic=topic, partition=partition, topic_id=topic_id)
        insert(connection, "add_errors", arriving_errors=batch.errors)
        with _arriving(connection, batch):
            _merge_all(connection)


def insert(connection: DuckDBPyConnection, name: str, **table: pa.Table) -> None:
    """Run a statement of `sql/append` that reads one Arrow table, unless that is empty."""
    ((view, rows),) = table.items()
    if rows.num_rows == 0:
        return
    connection.register(view, rows)
    try:
        execute(connection, name)
    finally:
        connection.unregister(view)


def execute(connection: DuckDBPyConnection, name: str, params: Mapping[str, object] | None = None) -> None:
    """Run a statement of `sql/append`."""
    connection.execute(statement("append", name), params or {})


def _merge_all(connection: DuckDBPyConnection) -> None:
    """Rows and where they came from, without a look at the typed tables."""
    rows, _ = obeying(connection)
    _merge(connection, rows)
    execute(connection, "add_sources")


def _merge(connection: DuckDBPyConnection, rows: str) -> None:
    connection.execute(statement("append", "merge_rows").format(arriving=rows))


@contextmanager
def _arriving(connection: DuckDBPyConnection, batch: Batch) -> Iterator[None]:
    connection.register("arriving_records", batch.rows)
    connection.register("arriving_sources", batch.sources)
    try:
        connection.execute(_typed_rows())
        yield
    finally:
        connection.unregister("arriving_records")
        connection.unregister("arriving_sources")


@cache
def _typed_rows() -> str:
    sql = statement("append", "arriving_rows")
    return sql.format(typed_columns=typed_columns("records.said"), facts_structure=facts_structure())
