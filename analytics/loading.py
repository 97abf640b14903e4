"""A spool file becomes arriving rows in one statement; what it can't vouch for is read record by record."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from analytics.batch import LedgerRecord
from analytics.spool import spooled_records
from analytics.statements import statement
from analytics.wire import facts_structure, row_type, trusted, typed_columns

# Records that are read one by one come in batches of this size.
ONE_BY_ONE = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Spooled:
    """What a spool file had that the ledger had not: `doubted` are its records that are no plain rows.

    `is_readable`: the plain ones are `arriving_rows` and `arriving_sources` now.
    """

    lines: int
    next_offset: int
    is_readable: bool
    doubted: tuple[list[LedgerRecord], ...] = ()


def read_spool(
    connection: DuckDBPyConnection, path: Path, *, next_offset: int, partition: int, topic_id: str
) -> Spooled:
    """Read a spool file from that offset on; all of it record by record if one of its lines is no JSON."""
    try:
        _read_lines(connection, path, next_offset)
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return _all_doubted(path, next_offset)
    connection.execute(_load("last_offset"))
    lines, last_offset = connection.fetchone() or (0, None)
    if not lines:
        return Spooled(lines=0, next_offset=next_offset, is_readable=False)
    connection.execute(_load("repeated"))
    connection.execute(_load("arriving_rows"))
    connection.execute(_load("arriving_sources").format(partition=int(partition), topic_id=_quoted(topic_id)))
    doubted = {offset for (offset,) in connection.execute(_load("doubted")).fetchall()}
    return Spooled(
        lines=lines,
        next_offset=last_offset + 1,
        is_readable=True,
        doubted=tuple(_in_batches(_picked(path, doubted))) if doubted else (),
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


def spool_files(spool: Path) -> list[Path]:
    """A file, or all files of a folder in the order of their names."""
    return sorted(spool.glob("*.ndjson")) if spool.is_dir() else [spool]


def _read_lines(connection: DuckDBPyConnection, path: Path, next_offset: int) -> None:
    sql = _load("read_spool").format(
        spool=_quoted(str(path)),
        row_type=row_type(),
        facts_structure=facts_structure(),
        typed_columns=typed_columns("said"),
        trusted=trusted("facts_text", "said"),
        next_offset=int(next_offset),
    )
    connection.execute(sql)


def _all_doubted(path: Path, next_offset: int) -> Spooled:
    records = [record for record in spooled_records(path) if record.offset >= next_offset]
    last = max((record.offset for record in records), default=next_offset - 1)
    batches = tuple(_in_batches(iter(records)))
    return Spooled(lines=len(records), next_offset=last + 1, is_readable=False, doubted=batches)


def _picked(path: Path, offsets: Set[int]) -> Iterator[LedgerRecord]:
    return (record for record in spooled_records(path) if record.offset in offsets)


def _in_batches(records: Iterator[LedgerRecord]) -> Iterator[list[LedgerRecord]]:
    while batch := list(islice(records, ONE_BY_ONE)):
        yield batch


def _load(name: str) -> str:
    return statement("load", name)


def _quoted(text: str) -> str:
    return text.replace("'", "''")
