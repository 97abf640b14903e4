"""The ledger: the only writer of the DuckDB file. Rows and the offset they came from are one transaction."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection

from analytics.batch import LedgerRecord, read_batch, utc
from analytics.damage import (
    LedgerDamaged,
    LedgerNotOpened,
    LedgerNotWritten,
    is_of_the_machine,
    named_refusals,
    unopened,
)
from analytics.loading import NotAtOnce, add_at_once, forget_spool, read_spool, records_from
from analytics.opening import ORDINARY, LedgerLocked, Share, another, opened
from analytics.schema import SchemaMismatch, migrate
from analytics.spool import spooled
from analytics.standing import differences, is_behind, leave_behind, prepare, remake, remake_by_two
from analytics.versions import PASTS, READERS, Version, VersionGone
from analytics.writing import execute, insert, write_batch, write_spool

__all__ = [
    "AnotherLog",
    "Ledger",
    "LedgerDamaged",
    "LedgerLocked",
    "LedgerNotOpened",
    "LedgerNotWritten",
    "LedgerRecord",
    "PartitionSample",
    "SchemaMismatch",
    "Share",
    "spooled",
]

# A version this old is replaced though nothing changed, so that ages and unfinished days move on.
OLDEST_VERSION = timedelta(minutes=5)
VERSIONS_KEPT = 2
# DuckDB refuses to close a connection at the very moment a reader is being given a cursor of it.
CLOSE_SECONDS = 10.0
SAMPLES_KEPT = timedelta(days=7)


class AnotherLog(Exception):
    """The ledger was filled from another topic than the one offered: of another cluster, or made anew."""

    def __init__(self, topic: str, partition: int, *, kept: str, offered: str) -> None:
        super().__init__(
            f"this ledger was filled from topic {topic} with id {kept}, but the broker's has id {offered}: "
            "it is another log. Point LEDGER_PATH at the ledger of this log, or at a new file to build one."
        )
        self.topic = topic
        self.partition = partition


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionSample:
    """How far the worker's group had come on one partition, and where the partition ended.

    Read `committed` before `end`, and take `order-lifecycle` last: then every row of what is
    committed lies below the `end` sampled for `order-lifecycle`.
    """

    topic: str
    partition: int
    committed: int | None
    end: int | None


class Ledger:
    """One DuckDB file, open for writing. Thread-safe: one lock orders all writing and publishing."""

    def __init__(self, path: Path, connection: DuckDBPyConnection, share: Share) -> None:
        self.path = path
        self.share = share
        self._connection = connection
        self._writing = threading.Lock()
        self._versions: list[Version] = []
        self._changed = True
        # Versions of another run of this process must not be mistaken for ours.
        self._run = f"{time.time_ns() // 1_000_000:x}"
        self._taken = 0
        self._sampled: dict[tuple[str, int], tuple[int | None, int | None]] = {}

    @classmethod
    def open(cls, path: Path, *, wait_seconds: float = 0, share: Share = ORDINARY) -> "Ledger":
        """Open or make the file, bring its tables and views up to date, publish a first version.

        Raises:
            LedgerLocked: another process still has it open after `wait_seconds`.
            LedgerDamaged: the file is not what DuckDB wrote.
            LedgerNotOpened: the file can't be made or opened where it should be.
            SchemaMismatch: a newer build wrote it.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unopened(path, error) from error
        connection = opened(path, wait_seconds=wait_seconds, share=share)
        try:
            migrate(connection)
            prepare(connection)
            connection.execute("set enable_external_access = false; set lock_configuration = true")
        except BaseException as error:
            connection.close()
            if isinstance(error, duckdb.Error) and is_of_the_machine(error):
                raise unopened(path, error) from error
            raise
        ledger = cls(path, connection, share)
        ledger.publish()
        return ledger

    def next_offset(self, topic: str, partition: int, topic_id: str) -> int:
        """The first offset not yet in the ledger.

        Raises:
            AnotherLog: what is in the ledger came from a topic with another id.
        """
        with self._writing:
            return self._next_offset(topic, partition, topic_id)

    def append(self, batch: Sequence[LedgerRecord], *, topic: str, partition: int, topic_id: str) -> int:
        """Merge records in one transaction with their offset; returns how many were new to the ledger.

        May be called again with the same records, or with some of them: those below the stored
        offset are skipped. Records that are no rows go to `row_errors`.

        Raises:
            AnotherLog: as `next_offset`.
            LedgerNotWritten: the disk did not take it; nothing of the batch is in the ledger.
        """
        with self._writing:
            next_offset = self._next_offset(topic, partition, topic_id)
            fresh = sorted((r for r in batch if r.offset >= next_offset), key=lambda record: record.offset)
            if fresh:
                tables = read_batch(fresh, topic=topic, partition=partition, topic_id=topic_id)
                with self._transaction():
                    write_batch(self._connection, tables)
                    self._move_offset(topic, partition, topic_id, fresh[-1].offset + 1)
                self._changed = True
            return len(fresh)

    def load(self, spool: pa.Table, *, topic: str, partition: int, topic_id: str) -> int:
        """Merge records in bulk; returns how many were new to the ledger.

        The records are a table that `spooled` gave, or several one behind the other: one statement and one
        transaction with their offset, so that a load that was broken off goes on where it ended. What is in
        the ledger afterwards is what `append` of the same records gives, `row_errors` too.

        The typed tables are left behind: `make_tables`, or the next `open`, makes them. Until then reports
        are of no use.

        Raises:
            AnotherLog: as `next_offset`.
            LedgerNotWritten: the disk did not take it.
        """
        with self._writing:
            spool = records_from(spool, self._next_offset(topic, partition, topic_id))
            if spool.num_rows:
                log = (topic, partition, topic_id)
                if not self._is_loaded_at_once(spool, *log):
                    self._load_with_care(spool, *log)
                self._changed = True
            return int(spool.num_rows)

    def make_tables(self) -> None:
        """Make the typed tables anew from the log of rows, if a load has left them behind.

        Raises:
            LedgerNotWritten: the disk did not take it.
        """
        with self._writing, named_refusals(self.path):
            if is_behind(self._connection):
                remake_by_two(self._connection)
                self._changed = True

    def record_samples(self, at: datetime, samples: Sequence[PartitionSample]) -> None:
        """Note how far the worker has come; kept for a week."""
        seen = {(sample.topic, sample.partition): (sample.committed, sample.end) for sample in samples}
        columns = {
            "sampled_at": pa.array([utc(at)] * len(samples), pa.timestamp("us")),
            "topic": pa.array([sample.topic for sample in samples], pa.string()),
            "partition": pa.array([sample.partition for sample in samples], pa.int32()),
            "committed": pa.array([sample.committed for sample in samples], pa.int64()),
            "end_offset": pa.array([sample.end for sample in samples], pa.int64()),
        }
        with self._writing:
            with self._transaction():
                execute(self._connection, "drop_old_samples", {"before": utc(at - SAMPLES_KEPT)})
                insert(self._connection, "add_samples", arriving_samples=pa.table(columns))
            self._changed = self._changed or seen != self._sampled
            self._sampled = seen

    def publish(self, *, at: datetime | None = None) -> Version:
        """Give readers a new version if anything changed since the last one; returns the newest.

        `at` is the moment that ages are reckoned at: now, unless a test says otherwise.
        """
        moment = at or datetime.now(UTC)
        with self._writing:
            if at is None and self._versions and not self._is_outdated(self._versions[0], moment):
                return self._versions[0]
            newest = self._take_version(moment)
            kept = [newest, *self._versions]
            # One assignment, since readers look without waiting for the writer.
            self._versions = kept[:VERSIONS_KEPT]
            self._changed = False
        for version in kept[VERSIONS_KEPT:]:
            version.retire()
        return newest

    def versions(self) -> list[Version]:
        """The versions that readers may ask for, the newest first."""
        return self._versions

    def version(self, name: str | None = None) -> Version:
        """The version with that name, else the newest.

        Raises:
            VersionGone: it is not kept any more, or never was.
        """
        kept = self.versions()
        if name is None:
            return kept[0] if kept and not kept[0].is_spent else self.publish()
        for version in kept:
            if version.name == name:
                return version
        raise VersionGone(name)

    @contextmanager
    def present(self) -> Iterator[DuckDBPyConnection]:
        """A read-only transaction of this very moment, for what must not be thirty seconds old."""
        connection = another(self._connection)
        try:
            connection.execute("begin transaction read only")
            yield connection
        finally:
            connection.close()

    def differences(self) -> dict[str, int]:
        """How many rows of each typed table are not what the log of rows gives; empty when all is well."""
        with self._writing:
            return differences(self._connection)

    def remake(self) -> None:
        """Make the typed tables anew from the log of rows, in one transaction."""
        with self._writing, self._transaction():
            remake(self._connection)
            self._changed = True

    def close(self) -> None:
        """Retire all versions and close the file. A report that is running is cut off."""
        with self._writing:
            for version in self._versions:
                version.retire()
            self._versions = []
            _close(self._connection, time.monotonic() + CLOSE_SECONDS)

    def _is_loaded_at_once(self, spool: pa.Table, topic: str, partition: int, topic_id: str) -> bool:
        try:
            with self._loading(spool, topic, partition, topic_id):
                add_at_once(self._connection, spool, partition=partition, topic_id=topic_id)
        except NotAtOnce:
            return False
        return True

    def _load_with_care(self, spool: pa.Table, topic: str, partition: int, topic_id: str) -> None:
        # Not in the transaction, which would be lost with the first number that fits no column.
        found = read_spool(self._connection, spool, partition=partition, topic_id=topic_id)
        try:
            with self._loading(spool, topic, partition, topic_id):
                write_spool(self._connection, found, topic=topic, partition=partition, topic_id=topic_id)
        finally:
            forget_spool(self._connection)

    @contextmanager
    def _loading(self, spool: pa.Table, topic: str, partition: int, topic_id: str) -> Iterator[None]:
        """A transaction at whose end the spool is in the log of rows, and the tables are behind it."""
        with self._transaction():
            yield
            leave_behind(self._connection)
            self._move_offset(topic, partition, topic_id, int(spool["offset"][-1].as_py()) + 1)

    def _next_offset(self, topic: str, partition: int, topic_id: str) -> int:
        execute(self._connection, "read_offset", {"topic": topic, "partition": partition})
        # All of it, since nothing can be registered while a result is open.
        found = self._connection.fetchall()
        if not found:
            return 0
        ((kept, next_offset),) = found
        if kept != topic_id:
            raise AnotherLog(topic, partition, kept=kept, offered=topic_id)
        return int(next_offset)

    def _move_offset(self, topic: str, partition: int, topic_id: str, next_offset: int) -> None:
        moved = {"topic": topic, "partition": partition, "topic_id": topic_id, "next_offset": next_offset}
        execute(self._connection, "move_offset", moved)

    def _is_outdated(self, version: Version, moment: datetime) -> bool:
        return self._changed or version.is_spent or moment - version.at >= OLDEST_VERSION

    def _take_version(self, moment: datetime) -> Version:
        execute(self._connection, "through")
        ((data_through, known_through),) = self._connection.fetchall()
        self._taken += 1
        version = Version(f"{self._run}-{self._taken}", moment, _aware(data_through), _aware(known_through))
        for _ in range(READERS):
            version.offer(another(self._connection))
        for _ in range(PASTS):
            version.offer_past(another(self._connection))
        return version

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with named_refusals(self.path):
            self._connection.execute("begin")
            try:
                yield
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")


def _close(connection: DuckDBPyConnection, deadline: float) -> None:
    while True:
        try:
            connection.close()
            return
        except duckdb.ResourceInUseException:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.001)


def _aware(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
