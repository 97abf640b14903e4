"""A table or a report becomes a file: Parquet or CSV. From the ledger itself, or from whoever has it open."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from analytics.questions import QUESTIONS
from analytics.reports import Reports
from analytics.tables import EXPORTED, UnknownTable

Params = Mapping[str, Sequence[str]]


class UnknownExport(Exception):
    """Neither a table nor a report has that name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is neither a table nor a report {name[:100]!r}; tables are {', '.join(EXPORTED)}; "
            f"reports are {', '.join(QUESTIONS)}; `ledger` is all tables"
        )


class ExportNotWritten(OSError):
    """The file could not be written; what was there before is as it was."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"{path} could not be written: {error}. Nothing was left there; give another --out.")


class Origin(Protocol):
    """Where rows come from: the file, or the process that has it open."""

    def version(self) -> str:
        """The version that tables can be read of, so that all of them are of one moment."""

    def report(self, name: str, params: Params) -> pa.Table:
        """A report's rows."""

    def table(self, name: str, version: str) -> AbstractContextManager[pa.RecordBatchReader]:
        """A table's rows, a batch at a time."""


class OwnFile:
    """The ledger is open in this process."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports

    def version(self) -> str:
        """The newest."""
        return self._reports.versions()[0].name

    def report(self, name: str, params: Params) -> pa.Table:
        """A report's rows."""
        return self._reports.run(name, params).table

    @contextmanager
    def table(self, name: str, version: str) -> Iterator[pa.RecordBatchReader]:
        """A table's rows, a batch at a time."""
        with self._reports.rows_of(name, version) as (_, reader):
            yield reader


def export(origin: Origin, name: str, params: Params, *, is_parquet: bool, sink: Path) -> int:
    """Write what has that name; returns how many rows. A report of the name of a table goes first.

    Raises:
        UnknownExport: there is nothing of that name.
        ExportNotWritten: the disk or the path refused it.
    """
    if name in QUESTIONS:
        table = origin.report(name, params)
        return _write(pa.RecordBatchReader.from_batches(table.schema, table.to_batches()), is_parquet, sink)
    try:
        with origin.table(name, origin.version()) as reader:
            return _write(reader, is_parquet, sink)
    except UnknownTable:
        raise UnknownExport(name) from None


def export_ledger(origin: Origin, folder: Path, *, is_parquet: bool) -> dict[Path, int]:
    """Write every table into a folder, all of one version; returns the files with their rows.

    Raises:
        ExportNotWritten: see `export`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportNotWritten(folder, error) from error
    version = origin.version()
    ending = "parquet" if is_parquet else "csv"
    written = {}
    for name in EXPORTED:
        path = folder / f"{name}.{ending}"
        with origin.table(name, version) as reader:
            written[path] = _write(reader, is_parquet, path)
    return written


def _write(batches: pa.RecordBatchReader, is_parquet: bool, path: Path) -> int:
    """Beside the file first, so that a half-written one never has its name."""
    is_device = path.exists() and not path.is_file()
    part = path if is_device else path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as sink:
            rows = _write_to(sink, batches, is_parquet)
        if not is_device:
            part.replace(path)
    except OSError as error:
        if not is_device:
            with suppress(OSError):
                part.unlink()
        raise ExportNotWritten(path, error) from error
    return rows


def _write_to(sink: BinaryIO, batches: pa.RecordBatchReader, is_parquet: bool) -> int:
    rows = 0
    schema = batches.schema if is_parquet else pa.schema([_flat(field) for field in batches.schema])
    opened = pa.parquet.ParquetWriter if is_parquet else pa.csv.CSVWriter
    with opened(sink, schema) as writer:
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
