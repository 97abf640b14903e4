"""What is written in the transaction of a batch: its rows, where they came from, how far it reaches."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from analytics.batch import Batch, read_batch
from analytics.forgetting import is_any_forgotten, obeying
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
            if not _has_to_obey(connection, batch):
                keep_up(connection, f"({_typed_rows()})")
                return
            _view_rows(connection)
            rows, is_forgetting = obeying(connection)
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
            execute(connection, "add_seen_again")
        forget_spool(connection)
    for records in found.doubted:
        batch = read_batch(records, topic=topic, partition=partition, topic_id=topic_id)
        insert(connection, "add_errors", arriving_errors=batch.errors)
        with _arriving(connection, batch):
            _view_rows(connection)
            rows, _ = obeying(connection)
            _merge(connection, rows)


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


def _merge(connection: DuckDBPyConnection, rows: str) -> None:
    connection.execute(statement("append", "merge_rows").format(arriving=rows))
    execute(connection, "add_seen_again")


@contextmanager
def _arriving(connection: DuckDBPyConnection, batch: Batch) -> Iterator[None]:
    """The batch within reach of statements."""
    connection.register("arriving_records", batch.rows)
    connection.register("arriving_sources", batch.sources)
    try:
        yield
    finally:
        # In a transaction that has failed it is refused; what failed is what has to be told.
        with suppress(duckdb.TransactionException):
            connection.unregister("arriving_records")
            connection.unregister("arriving_sources")


def _has_to_obey(connection: DuckDBPyConnection, batch: Batch) -> bool:
    """Whether anybody asked to be forgotten, in these rows or before."""
    return pc.any(pc.equal(batch.rows["kind"], "forgotten")).as_py() or is_any_forgotten(connection)


def _view_rows(connection: DuckDBPyConnection) -> None:
    connection.execute(f"create or replace temp view arriving_rows as {_typed_rows()}")


@cache
def _typed_rows() -> str:
    sql = statement("append", "arriving_rows")
    return sql.format(typed_columns=typed_columns("records.said"), facts_structure=facts_structure())
