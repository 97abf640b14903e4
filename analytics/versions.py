"""What readers see while the writer goes on: pools of read-only transactions, each pool of one moment."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
from duckdb import DuckDBPyConnection

from analytics.past import Past

# How many reports of one version run side by side; a further one waits its turn.
READERS = 3
# At how many times one version is looked back to, each with tables of its own. Of a further one they take the
# place, but not the memory: within a transaction DuckDB gives nothing back.
PASTS = 3
INTERRUPT_AGAIN_SECONDS = 0.1


class VersionGone(Exception):
    """The version asked for is no longer kept, or never was: begin again with the newest."""

    def __init__(self, version: str) -> None:
        super().__init__(f"version {version} is gone; ask without version= for the newest")
        self.version = version


class ReportTimeout(Exception):
    """A report took longer than its time limit and was interrupted."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the report took longer than {seconds:g} s; ask for a shorter period or fewer sites"
        )
        self.seconds = seconds


class ReportTooLarge(Exception):
    """A report needed more memory than the ledger's readers may take."""

    def __init__(self) -> None:
        super().__init__("the report is too large to work out; ask for a shorter period or a coarser grain")


@dataclass(slots=True)
class Version:
    """One state of the ledger. `at` is when it was taken: ages and unfinished buckets are reckoned then."""

    name: str
    at: datetime
    data_through: datetime | None
    known_through: datetime | None
    _pasts: list[Past] = field(default_factory=list)
    _idle: "queue.SimpleQueue[DuckDBPyConnection]" = field(default_factory=queue.SimpleQueue)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _looking: threading.Lock = field(default_factory=threading.Lock)
    _open: int = 0
    _past_open: int = 0
    _retired: bool = False

    @property
    def is_spent(self) -> bool:
        """Whether reports that failed or took too long have used up its connections of one kind."""
        return self._open == 0 or self._past_open == 0

    def offer(self, connection: DuckDBPyConnection) -> None:
        """Begin a read-only transaction on a fresh connection and add it to the pool.

        Call it only while the writer is between two commits. DuckDB fixes what a transaction
        sees at its first read, so one read is done here.
        """
        _begin(connection)
        self._idle.put(connection)
        self._open += 1

    def offer_past(self, connection: DuckDBPyConnection) -> None:
        """As `offer`: a connection on which reports look back at one earlier time."""
        _begin(connection)
        self._pasts.append(Past(connection))
        self._past_open += 1

    @contextmanager
    def past(self, as_of: object, *, wait_seconds: float) -> Iterator[Past]:
        """A connection to look back on, one report after the other, since each takes much memory.

        What it made for one report serves the next that looks back at the same time.

        Raises:
            VersionGone, ReportTimeout: as `connection`.
        """
        if not self._looking.acquire(timeout=wait_seconds):
            raise ReportTimeout(wait_seconds)
        try:
            past = self._past_of(as_of)
            try:
                yield past
            except BaseException:
                self._past_open -= 1
                past.connection.close()
                raise
            self._keep(past)
        finally:
            self._looking.release()

    def _past_of(self, as_of: object) -> Past:
        """The one that has looked back at that time, else one that has not yet, else the first that did."""
        with self._lock:
            if self._retired or not self._pasts:
                raise VersionGone(self.name)
            found = min(self._pasts, key=lambda past: (past.as_of != as_of, past.as_of is not None))
            self._pasts.remove(found)
            return found

    def _keep(self, past: Past) -> None:
        with self._lock:
            if not self._retired:
                self._pasts.append(past)
                return
        past.connection.close()

    @contextmanager
    def connection(self, *, wait_seconds: float) -> Iterator[DuckDBPyConnection]:
        """A connection for one report. One whose query failed is closed: its transaction is dead.

        Raises:
            VersionGone: retired, or all of its connections have failed.
            ReportTimeout: no connection came free in time.
        """
        connection = self._take(wait_seconds)
        try:
            yield connection
        except BaseException:
            self._discard(connection)
            raise
        self._give_back(connection)

    def retire(self) -> None:
        """Close what is idle; what is in use is closed when it is given back."""
        with self._lock:
            self._retired = True
            with suppress(queue.Empty):
                while True:
                    self._idle.get_nowait().close()
                    self._open -= 1
            while self._pasts:
                self._pasts.pop().connection.close()

    def _take(self, wait_seconds: float) -> DuckDBPyConnection:
        with self._lock:
            if self._retired or self._open == 0:
                raise VersionGone(self.name)
        try:
            return self._idle.get(timeout=wait_seconds)
        except queue.Empty:
            if self._retired or self._open == 0:
                raise VersionGone(self.name) from None
            raise ReportTimeout(wait_seconds) from None

    def _give_back(self, connection: DuckDBPyConnection) -> None:
        with self._lock:
            if not self._retired:
                self._idle.put(connection)
                return
        self._discard(connection)

    def _discard(self, connection: DuckDBPyConnection) -> None:
        with self._lock:
            self._open -= 1
        connection.close()


def _begin(connection: DuckDBPyConnection) -> None:
    connection.execute("begin transaction read only")
    connection.execute("select count(*) from offsets").fetchall()


@contextmanager
def time_limit(connection: DuckDBPyConnection, seconds: float) -> Iterator[None]:
    """Interrupt the connection's query when it takes longer.

    Raises:
        ReportTimeout: it did; the connection's transaction is dead then.
        ReportTooLarge: it ran out of memory; the same is true.
    """
    is_over = threading.Event()
    watch = threading.Thread(target=_interrupt_after, args=(connection, seconds, is_over), daemon=True)
    watch.start()
    try:
        yield
    except duckdb.InterruptException as error:
        raise ReportTimeout(seconds) from error
    except duckdb.OutOfMemoryException as error:
        raise ReportTooLarge from error
    finally:
        is_over.set()


def _interrupt_after(connection: DuckDBPyConnection, seconds: float, is_over: threading.Event) -> None:
    """Again and again, since an interrupt that falls between two statements is forgotten."""
    wait = seconds
    while not is_over.wait(wait):
        with suppress(duckdb.Error):
            connection.interrupt()
        wait = INTERRUPT_AGAIN_SECONDS
