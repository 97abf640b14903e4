"""A spool becomes rows in one statement; what that can't vouch for is read record by record."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from analytics.batch import LedgerRecord
from analytics.forgetting import is_any_forgotten
from analytics.spool import spooled_records
from analytics.statements import literal, statement
from analytics.wire import (
    columns_structure,
    facts_structure,
    row_structure,
    trusted,
    trusted_of_ours,
    typed_columns,
)

# Records that are read one by one come in batches of this size.
ONE_BY_ONE = 5000
# What a statement over a whole spool fails with when one of its records is odd.
_ODD = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.ConstraintException)


class NotAtOnce(Exception):
    """A spool has something that wants a closer look; nothing of it may stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spooled:
    """What a spool has: `doubted` are its records that are no plain rows.

    `is_readable`: the plain ones are `arriving_rows` and `arriving_sources` now.
    """

    is_readable: bool
    doubted: tuple[list[LedgerRecord], ...] = ()


def records_from(spool: pa.Table, next_offset: int) -> pa.Table:
    """The records that the ledger has not; a copy only if it has some."""
    has_none = not spool.num_rows or spool["offset"][0].as_py() >= next_offset
    return spool if has_none else spool.filter(pc.field("offset") >= next_offset)


def add_at_once(connection: DuckDBPyConnection, spool: pa.Table, *, partition: int, topic_id: str) -> None:
    """Add a spool to the log of rows as it is read, without a table between; in the caller's transaction.

    Raises:
        NotAtOnce: not all of it was written by our own writer, or is new, or somebody is to be forgotten.
    """
    if not pc.all(spool["is_ours"]).as_py() or is_any_forgotten(connection):
        raise NotAtOnce
    rows_read = _rows_read(partition, topic_id, is_ours_alone=True)
    with _spool_as(connection, spool):
        try:
            ((rows,),) = connection.execute(_load("add_at_once").format(rows_read=rows_read)).fetchall()
        except _ODD as error:
            raise NotAtOnce from error
    if rows < spool.num_rows:
        raise NotAtOnce
    added = {"partition": partition, "begin": spool["offset"][0].as_py()}
    ((is_seen_again,),) = connection.execute(_load("is_seen_again"), added).fetchall()
    if is_seen_again:
        raise NotAtOnce


def read_spool(connection: DuckDBPyConnection, spool: pa.Table, *, partition: int, topic_id: str) -> Spooled:
    """Read a spool; all of it record by record if one of its numbers fits no column."""
    rows_read = _rows_read(partition, topic_id, is_ours_alone=False)
    is_readable, doubted = True, spool
    with _spool_as(connection, spool):
        try:
            connection.execute(_load("read_spool").format(rows_read=rows_read))
        except _ODD:
            is_readable = False
    if is_readable:
        for name in ("repeated", "arriving_rows", "arriving_sources"):
            connection.execute(_load(name))
        offsets = [offset for (offset,) in connection.execute(_load("doubted")).fetchall()]
        doubted = spool.filter(pc.is_in(spool["offset"], pa.array(offsets, pa.int64())))
    return Spooled(is_readable=is_readable, doubted=tuple(_in_batches(spooled_records(doubted))))


def forget_spool(connection: DuckDBPyConnection) -> None:
    """Let go of what was read."""
    for kind, name in (
        ("view", "arriving_rows"),
        ("view", "arriving_sources"),
        ("table", "spooled"),
        ("table", "repeated"),
    ):
        connection.execute(f"drop {kind} if exists temp.{name}")


def _rows_read(partition: int, topic_id: str, *, is_ours_alone: bool) -> str:
    """The records of a spool as rows, in SQL; with less of a look where our own writer made all of them."""
    judged = trusted_of_ours if is_ours_alone else trusted
    return _load("read_rows").format(
        row_structure=row_structure(),
        typed_columns=typed_columns("said"),
        partition=int(partition),
        topic_id=literal(topic_id),
        attempt="" if is_ours_alone else "try",
        facts_structure=columns_structure() if is_ours_alone else facts_structure(),
        trusted=judged("facts_text", "said"),
    )


@contextmanager
def _spool_as(connection: DuckDBPyConnection, spool: pa.Table) -> Iterator[None]:
    """The spool within reach of statements, as `spool`."""
    connection.register("spool", spool)
    try:
        yield
    finally:
        # In a transaction that has failed it is refused; the next spool takes its place.
        with suppress(duckdb.TransactionException):
            connection.unregister("spool")


def _in_batches(records: Iterator[LedgerRecord]) -> Iterator[list[LedgerRecord]]:
    while batch := list(islice(records, ONE_BY_ONE)):
        yield batch


def _load(name: str) -> str:
    return statement("load", name)
