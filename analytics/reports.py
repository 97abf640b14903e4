"""A named question and its parameters become an Arrow table. The only door to the ledger for readers."""

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from analytics.ages import survival_rows
from analytics.latency import latency_rows
from analytics.ledger import Ledger
from analytics.parameters import BadParameter, Value, read_parameters
from analytics.questions import QUESTIONS, Column, Question
from analytics.statements import statement
from analytics.tables import ExportBusy, known_table, read_table
from analytics.versions import ReportTimeout, ReportTooLarge, Version, VersionGone, time_limit

__all__ = [
    "BadParameter",
    "Report",
    "ReportTimeout",
    "ReportTooLarge",
    "Reports",
    "UnknownReport",
    "VersionGone",
]

# Longer than any report may take at ten million events; a reader never holds a connection for longer.
TIME_LIMIT_SECONDS = 20.0
# A table of ten million rows, sent to somebody far away.
EXPORT_LIMIT_SECONDS = 600.0

# The version that a report of this very moment carries.
PRESENT = "present"

# A subscription that follows an end within this time makes it a switch, unless told otherwise.
SWITCH_WITHIN = timedelta(hours=24)

# A century of hours, or two years of minutes.
MOST_BUCKETS = 1_000_000
_LENGTHS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}

_PARAMETER = re.compile(r"\$(\w+)")

# What SQL is not the clearest language for is finished here: rows of the statement → rows of the report.
_FINISHED_BY: dict[str, Callable[[pa.Table, Mapping[str, Value]], list[dict[str, Any]]]] = {
    "fulfillment_latency": latency_rows,
    "survival": survival_rows,
}


class UnknownReport(Exception):
    """No report has that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no report {name[:100]!r}; there are " + ", ".join(QUESTIONS))
        self.name = name


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An answer: exactly the columns of its question. `as_of` is the moment it is true of."""

    name: str
    table: pa.Table
    version: str
    as_of: datetime
    columns: tuple[Column, ...]


class Reports:
    """The questions, over one ledger. Thread-safe; each answer has a time limit."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        time_limit_seconds: float = TIME_LIMIT_SECONDS,
        switch_within: timedelta = SWITCH_WITHIN,
    ) -> None:
        self._ledger = ledger
        self._switch_seconds = switch_within.total_seconds()
        self._seconds = time_limit_seconds
        self._exporting = threading.Lock()

    def catalogue(self) -> list[Question]:
        """All questions, with their parameters and columns."""
        return list(QUESTIONS.values())

    def versions(self) -> list[Version]:
        """The versions that may be asked for, the newest first."""
        return self._ledger.versions()

    def run(self, name: str, params: Mapping[str, Sequence[str]]) -> Report:
        """Answer a question.

        Raises:
            UnknownReport: no question has that name.
            BadParameter: a parameter is unknown, missing or not allowed.
            VersionGone: the version asked for is not kept any more.
            ReportTimeout: it took too long.
            ReportTooLarge: it needed too much memory.
        """
        question, values = _read(name, params)
        values["switch_seconds"] = self._switch_seconds
        version, at, connection = self._moment(question, values["version"])
        as_of = values.get("as_of")
        if isinstance(as_of, datetime):
            now = min(as_of, at)
            found = self._look_back(self._ledger.version(version), question, values, now)
        else:
            now = at
            with connection as reader, time_limit(reader, self._seconds):
                found = _ask(reader, question, values, now)
        _refuse_mixed_money(question, values, found)
        return Report(
            name=name,
            table=_typed(found, question.columns, str(values["tz"])),
            version=version,
            as_of=now,
            columns=question.columns,
        )

    def version_of(self, name: str, params: Mapping[str, Sequence[str]]) -> str:
        """The version that `run` would answer from; raises as `run` does."""
        question, values = _read(name, params)
        return PRESENT if question.reads_present else self._version(values["version"]).name

    @contextmanager
    def rows_of(self, table: str, version: str | None = None) -> Iterator[tuple[str, pa.RecordBatchReader]]:
        """A table of one version, whole: the version's name, and its rows a batch at a time.

        Raises:
            UnknownTable: no table has that name.
            ExportBusy: another one is being read.
            VersionGone: as `run`.
        """
        known_table(table)
        found = self._version(version)
        if not self._exporting.acquire(blocking=False):
            raise ExportBusy
        stopped: BaseException | None = None
        try:
            with (
                found.connection(wait_seconds=self._seconds) as connection,
                time_limit(connection, EXPORT_LIMIT_SECONDS),
                read_table(connection, table) as reader,
            ):
                try:
                    yield found.name, reader
                except (GeneratorExit, OSError) as error:
                    # The caller went away, or could not write: no failure of this connection.
                    stopped = error
        finally:
            self._exporting.release()
        if stopped is not None:
            raise stopped

    def _moment(
        self, question: Question, wanted: Value
    ) -> tuple[str, datetime, AbstractContextManager[DuckDBPyConnection]]:
        if question.reads_present:
            return PRESENT, datetime.now(UTC), self._ledger.present()
        version = self._version(wanted)
        return version.name, version.at, version.connection(wait_seconds=self._seconds)

    def _look_back(
        self, version: Version, question: Question, values: Mapping[str, Value], now: datetime
    ) -> pa.Table:
        as_of = _stored(values["as_of"])
        with (
            version.past(as_of, wait_seconds=self._seconds) as past,
            time_limit(past.connection, self._seconds),
        ):
            past.look_back(as_of, question.name)
            return _ask(past.connection, question, values, now)

    def _version(self, wanted: Value) -> Version:
        return self._ledger.version(str(wanted) if wanted else None)


def _read(name: str, params: Mapping[str, Sequence[str]]) -> tuple[Question, dict[str, Value]]:
    question = QUESTIONS.get(name)
    if question is None:
        raise UnknownReport(name)
    values = read_parameters(question.parameters, params)
    _refuse_what_does_not_go_together(question, values)
    return question, values


def _refuse_what_does_not_go_together(question: Question, values: Mapping[str, Value]) -> None:
    if question.name == "churn" and values["method"] == "profitwell" and values["grain"] != "month":
        raise BadParameter("grain", "profitwell counts by calendar month only")
    _refuse_endless_buckets(values)
    if question.reads_present and values["as_of"] is not None:
        raise BadParameter("as_of", f"{question.name} looks at the present only")


def _refuse_endless_buckets(values: Mapping[str, Value]) -> None:
    """A list of buckets is made in one go, which no time limit can interrupt."""
    start, end, grain = values["start"], values["end"] or datetime.now(UTC), str(values.get("grain"))
    if grain in _LENGTHS and isinstance(start, datetime) and isinstance(end, datetime):
        buckets = (min(end, datetime.now(UTC)) - start) // _LENGTHS[grain]
        if buckets > MOST_BUCKETS:
            raise BadParameter(
                "start",
                f"there are {buckets} {grain}s until the end, and at most {MOST_BUCKETS} are listed; "
                "give a later start or a coarser grain",
            )


def _refuse_mixed_money(question: Question, values: Mapping[str, Value], found: pa.Table) -> None:
    """Amounts of two currencies are never summed, and a cohort's rows have no currency to part them."""
    if question.name != "cohorts" or values["by"] != "mrr" or found.num_rows == 0:
        return
    currencies = found.column("currencies")[0].as_py()
    if currencies > 1:
        raise BadParameter("currency", f"{currencies} currencies can't be summed; name one for by=mrr")


def _ask(
    connection: DuckDBPyConnection, question: Question, values: Mapping[str, Value], now: datetime
) -> pa.Table:
    # The same names, over the log as it was known then.
    connection.execute(f"set search_path = '{'main' if values['as_of'] is None else 'history,main'}'")
    connection.execute("set variable as_of = $as_of", {"as_of": _stored(values["as_of"])})
    connection.execute("set variable switch_seconds = $seconds", {"seconds": values["switch_seconds"]})
    end = values["end"]
    # Nothing after now has happened yet, whatever its clock says.
    until = min(end, now) if isinstance(end, datetime) else now
    bound = {name: _stored(value) for name, value in {**values, "now": now, "until": until}.items()}
    sql = statement("reports", question.name)
    # What `connection.sql(…).to_arrow_table()` ends with; before, it plans the statement, only to know its
    # columns: 8 to 20 ms of each answer. Private API of DuckDB, whose version is pinned.
    found = connection._submit(sql, {name: bound[name] for name in _named_in(sql)}, "arrow").arrow_table()
    finish = _FINISHED_BY.get(question.name)
    if finish is None:
        return found
    return pa.Table.from_pylist(finish(found, {**values, "now": now}), schema=_untyped(question))


@cache
def _named_in(sql: str) -> frozenset[str]:
    """The parameters of a statement; to have it parsed for them takes 2 ms."""
    return frozenset(_PARAMETER.findall(sql))


def _stored(value: Value) -> Value:
    """Times as the ledger holds them: UTC without a zone."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def _typed(table: pa.Table, columns: Sequence[Column], zone: str) -> pa.Table:
    """The table with exactly the contract's columns and types; `bucket_start` carries the zone."""
    return pa.table(
        {column.name: _column(table, column, zone) for column in columns},
    )


def _column(table: pa.Table, column: Column, zone: str) -> pa.ChunkedArray:
    found = table.column(column.name)
    if column.type in ("time", "local_time"):
        utc = found.cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
        return utc.cast(pa.timestamp("us", zone)) if column.type == "local_time" else utc
    return found.cast(_ARROW[column.type])


_ARROW: dict[str, pa.DataType] = {
    "text": pa.string(),
    "money": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
}


def _untyped(question: Question) -> pa.Schema:
    """The schema of rows finished in Python: times as they come from the ledger."""
    return pa.schema(
        [(column.name, _ARROW.get(column.type, pa.timestamp("us"))) for column in question.columns]
    )
