"""A table or a report becomes a file: Parquet or CSV."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from analytics.ledger import Ledger
from analytics.questions import QUESTIONS
from analytics.reports import Reports
from analytics.standing import TABLES
from analytics.statements import statement

# The log of rows, where each row came from, and the typed tables made of them.
EXPORTED = ("lifecycle", "sources", *TABLES)
ROWS_AT_A_TIME = 100_000


class UnknownExport(Exception):
    """Neither a table nor a report has that name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is neither a table nor a report {name[:100]!r}; tables are {', '.join(EXPORTED)}; "
            f"reports are {', '.join(QUESTIONS)}"
        )


def export(
    ledger: Ledger, name: str, params: Mapping[str, Sequence[str]], *, is_parquet: bool, sink: Path | BinaryIO
) -> int:
    """Write what has that name; returns how many rows. A report of the name of a table goes first.

    Raises:
        UnknownExport: there is nothing of that name.
    """
    if name in QUESTIONS:
        table = Reports(ledger).run(name, params).table
        return _write(pa.RecordBatchReader.from_batches(table.schema, table.to_batches()), is_parquet, sink)
    if name not in EXPORTED:
        raise UnknownExport(name)
    with ledger.present() as connection:
        found = connection.sql(statement("standing", "all_of").format(table=name))
        return _write(found.to_arrow_reader(ROWS_AT_A_TIME), is_parquet, sink)


def _write(batches: pa.RecordBatchReader, is_parquet: bool, sink: Path | BinaryIO) -> int:
    rows = 0
    schema = batches.schema if is_parquet else pa.schema([_flat(field) for field in batches.schema])
    opened = pa.parquet.ParquetWriter if is_parquet else pa.csv.CSVWriter
    with opened(str(sink) if isinstance(sink, Path) else sink, schema) as writer:
        for batch in batches:
            whole = pa.Table.from_batches([batch])
            writer.write_table(whole if is_parquet else _flattened(whole, schema))
            rows += batch.num_rows
    return rows


def _flat(field: pa.Field) -> pa.Field:
    return pa.field(field.name, pa.string() if _is_nested(field.type) else field.type)


def _flattened(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """CSV has no lists and no structures: they are written as Python shows them."""
    columns = [
        pa.array(
            [None if value is None else str(value) for value in table[field.name].to_pylist()], pa.string()
        )
        if _is_nested(table.schema.field(field.name).type)
        else table[field.name]
        for field in schema
    ]
    return pa.Table.from_arrays(columns, names=schema.names).cast(schema)


def _is_nested(kind: pa.DataType) -> bool:
    return bool(pa.types.is_nested(kind)) or isinstance(kind, pa.BaseExtensionType)
