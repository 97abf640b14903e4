"""The ledger's tables as other tools may read them: their names, and their rows as an Arrow stream."""

import io
from collections.abc import Iterator

import pyarrow as pa
from duckdb import DuckDBPyConnection

from analytics.standing import TABLES
from analytics.statements import statement

# The log of rows, where each came from, what was no row, how far the log was read, and the typed tables.
EXPORTED = ("lifecycle", "sources", "row_errors", "offsets", "samples", *TABLES)
ROWS_AT_A_TIME = 100_000


class UnknownTable(Exception):
    """No table has that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no table {name[:100]!r}; there are {', '.join(EXPORTED)}")


class ExportBusy(Exception):
    """Another table is being read: one at a time, so that reports are not kept waiting."""

    def __init__(self) -> None:
        super().__init__("another export is under way; ask again when it is done")


def known_table(name: str) -> str:
    """The name, if a table has it.

    Raises:
        UnknownTable: none has.
    """
    if name not in EXPORTED:
        raise UnknownTable(name)
    return name


def read_table(connection: DuckDBPyConnection, name: str) -> pa.RecordBatchReader:
    """All rows of a table; read them before the connection is used for anything else."""
    connection.execute("set search_path = 'main'")
    return connection.sql(statement("standing", "all_of").format(table=known_table(name))).to_arrow_reader(
        ROWS_AT_A_TIME
    )


def as_stream(reader: pa.RecordBatchReader) -> Iterator[bytes]:
    """Batches as an Arrow IPC stream, piece by piece."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)
            yield _drained(sink)
    yield _drained(sink)


def _drained(sink: io.BytesIO) -> bytes:
    piece = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return piece
