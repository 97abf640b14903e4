"""A spool becomes arriving rows in one statement; what it can't vouch for is read record by record."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from analytics.batch import LedgerRecord
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Spooled:
    """What a spool had that the ledger had not: `doubted` are its records that are no plain rows.

    `is_readable`: the plain ones are `arriving_rows` and `arriving_sources` now.
    """

    records: int
    next_offset: int
    is_readable: bool
    doubted: tuple[list[LedgerRecord], ...] = ()


def read_spool(
    connection: DuckDBPyConnection, spool: pa.Table, *, next_offset: int, partition: int, topic_id: str
) -> Spooled:
    """Read a spool from that offset on; all of it record by record if one of its numbers fits no column."""
    spool = _from(spool, next_offset)
    if not spool.num_rows:
        return Spooled(records=0, next_offset=next_offset, is_readable=False)
    next_offset = spool["offset"][-1].as_py() + 1
    doubted = spool
    is_readable = any(_is_read(connection, spool, way) for way in _ways(spool))
    if is_readable:
        _view_arriving(connection, partition, topic_id)
        offsets = [offset for (offset,) in connection.execute(_load("doubted")).fetchall()]
        doubted = spool.filter(pc.is_in(spool["offset"], pa.array(offsets, pa.int64())))
    return Spooled(
        records=spool.num_rows,
        next_offset=next_offset,
        is_readable=is_readable,
        doubted=tuple(_in_batches(spooled_records(doubted))),
    )


def forget_spool(connection: DuckDBPyConnection) -> None:
    """Let go of what was read."""
    for kind, name in (
        ("view", "arriving_rows"),
        ("view", "arriving_sources"),
        ("table", "spooled"),
        ("table", "repeated"),
    ):
        connection.execute(f"drop {kind} if exists temp.{name}")


def _from(spool: pa.Table, next_offset: int) -> pa.Table:
    """What the ledger has not; a copy only if it has something."""
    has_all = not spool.num_rows or spool["offset"][0].as_py() >= next_offset
    return spool if has_all else spool.filter(pc.field("offset") >= next_offset)


def _ways(spool: pa.Table) -> Iterator[dict[str, str]]:
    """How its records may be read, one after the other: what our own writer made is worth less of a look."""
    if pc.all(spool["is_ours"]).as_py():
        yield {
            "attempt": "",
            "facts_structure": columns_structure(),
            "trusted": trusted_of_ours("facts_text", "said"),
        }
    yield {
        "attempt": "try",
        "facts_structure": facts_structure(),
        "trusted": trusted("facts_text", "said"),
    }


def _is_read(connection: DuckDBPyConnection, spool: pa.Table, way: dict[str, str]) -> bool:
    """Whether every number of it fits its column."""
    sql = _load("read_spool").format(
        row_structure=row_structure(), typed_columns=typed_columns("said"), **way
    )
    connection.register("spool", spool)
    try:
        connection.execute(sql)
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return False
    finally:
        connection.unregister("spool")
    return True


def _view_arriving(connection: DuckDBPyConnection, partition: int, topic_id: str) -> None:
    connection.execute(_load("repeated"))
    connection.execute(_load("arriving_rows"))
    connection.execute(_load("arriving_sources").format(partition=int(partition), topic_id=literal(topic_id)))


def _in_batches(records: Iterator[LedgerRecord]) -> Iterator[list[LedgerRecord]]:
    while batch := list(islice(records, ONE_BY_ONE)):
        yield batch


def _load(name: str) -> str:
    return statement("load", name)
