"""Blocking SQL, off the event loop: one thread, one connection, as many jobs in a commit as wait for one."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import ReturningInsert

from streams.outbox_away import OutboxAway
from streams.outbox_line import Line
from streams.outbox_schema import database_time, migrate

T = TypeVar("T")

# How long to wait for another process's commit before saying that the outbox is away.
BUSY_SECONDS = 10
# One sync is shared by at most this many jobs, so that the first of them doesn't wait long.
BATCH = 64
# A deadlock's victim may simply try again.
TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One job's turn in a transaction: the connection and the database's time at its start."""

    connection: Connection
    now: datetime

    @property
    def dialect(self) -> str:
        """Sqlite or postgresql."""
        return self.connection.dialect.name

    def add(self, table: Table, row: Mapping[str, Any]) -> bool:
        """Insert the row unless one with its key is there; whether it was inserted."""
        return self.connection.execute(_adding(self.dialect, table), row).first() is not None


@cache
def _adding(dialect: str, table: Table) -> ReturningInsert[Any]:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing().returning(*table.primary_key)


Job = Callable[[Turn], T]


@dataclass(frozen=True, slots=True)
class _Order:
    job: Job[Any]
    loop: asyncio.AbstractEventLoop
    answer: "asyncio.Future[Any]"


class Writer:
    """Runs jobs one after another, each all or nothing, and answers after the commit."""

    def __init__(self, url: str, *, clock: Callable[[], datetime] | None = None) -> None:
        self._url = _with_driver(make_url(url))
        self._clock = clock
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._engine: Engine | None = None

    async def open(self, *, create: bool = True) -> None:
        """Connect and bring the schema up to date.

        Raises:
            OutboxAway: the database can't be reached or opened.
            SchemaTooNew: a newer build wrote it.
        """
        try:
            self._engine = _engine(self._url, create=create)
        except (OSError, ModuleNotFoundError) as error:
            raise _away(self._url, error) from error
        self._thread = threading.Thread(target=self._work, name="outbox", daemon=True)
        self._thread.start()
        try:
            await self.do(lambda turn: migrate(turn.connection))
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Finish what was ordered, then let go of the database."""
        if self._thread is None:
            return
        self._orders.put(None)
        thread, self._thread = self._thread, None
        await asyncio.to_thread(thread.join)

    async def do(self, job: Job[T]) -> T:
        """Run `job` in a transaction of its own making or shared with others; the answer is durable.

        The job may be run more than once, each time on what the database holds then.

        Raises:
            OutboxAway: no answer from the database.
        """
        if self._thread is None:
            raise RuntimeError("the outbox is not open")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._orders.put(_Order(job, loop, answer))
        return await answer

    def _work(self) -> None:
        assert self._engine is not None  # noqa: S101 - set before the thread starts
        open_ = True
        while open_:
            first = self._orders.get()
            batch = [] if first is None else [first, *self._waiting(BATCH - 1)]
            open_ = first is not None and batch[-1] is not None
            self._commit([order for order in batch if order is not None])
        self._engine.dispose()

    def _waiting(self, limit: int) -> list[_Order | None]:
        orders: list[_Order | None] = []
        while len(orders) < limit and (not orders or orders[-1] is not None):
            try:
                orders.append(self._orders.get_nowait())
            except queue.Empty:
                break
        return orders

    def _commit(self, batch: list[_Order]) -> None:
        if len(batch) > 1 and self._together(batch):
            return
        for order in batch:
            self._alone(order)

    def _together(self, batch: list[_Order]) -> bool:
        """One transaction for all; False, and nothing done, if one of them fails: then each has its own."""
        assert self._engine is not None  # noqa: S101 - see _work
        try:
            with self._engine.begin() as connection:
                turn = self._turn(connection)
                results = [order.job(turn) for order in batch]
        except Exception:  # noqa: BLE001 - the job at fault fails once more, alone, and answers for it
            return False
        for order, value in zip(batch, results, strict=True):
            _answer(order, value, None)
        return True

    def _alone(self, order: _Order) -> None:
        assert self._engine is not None  # noqa: S101 - see _work
        for last in (*[False] * (TRIES - 1), True):
            try:
                with self._engine.begin() as connection:
                    value = order.job(self._turn(connection))
            except DBAPIError as error:
                if last or not _deadlock(error):
                    return _answer(order, None, _away(self._url, error))
            except Exception as error:  # noqa: BLE001 - belongs to the one who ordered the job
                return _answer(order, None, error)
            else:
                return _answer(order, value, None)
        return None

    def _turn(self, connection: Connection) -> Turn:
        now = self._clock() if self._clock else database_time(connection)
        return Turn(connection=connection, now=now)


def _answer(order: _Order, value: Any, error: Exception | None) -> None:
    def settle() -> None:
        if order.answer.done():
            return
        if error is None:
            order.answer.set_result(value)
        else:
            order.answer.set_exception(error)

    try:
        order.loop.call_soon_threadsafe(settle)
    except RuntimeError:
        # The loop is closed: whoever ordered this is gone, and the commit stands.
        return


def _with_driver(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgres", "postgresql") else url


def _engine(url: URL, *, create: bool) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True)
    if url.database and not create and not Path(url.database).exists():
        raise FileNotFoundError("there is no such file")
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, pool_size=1, max_overflow=0, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    if url.database:
        line = Line(Path(url.database), patience_seconds=BUSY_SECONDS)
        event.listen(engine, "begin", lambda connection: _begin_sqlite(connection, line))
        event.listen(engine, "close", lambda *_: line.close())
    else:
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("begin immediate"))
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # Transactions are begun by us: the driver's own would begin too late for a read before a write.
    connection.isolation_level = None
    for pragma in ("journal_mode = wal", "synchronous = full"):
        connection.execute(f"pragma {pragma}").close()


def _begin_sqlite(connection: Connection, line: Line) -> None:
    raw: Any = connection.connection.driver_connection
    # The line does the waiting.
    raw.execute("pragma busy_timeout = 0").close()
    line.take(lambda: _began(raw))
    raw.execute(f"pragma busy_timeout = {1000 * BUSY_SECONDS}").close()
    if not raw.in_transaction:
        # Once more, to have the database say why not.
        connection.exec_driver_sql("begin immediate")


def _began(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("begin immediate").close()
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY
    return True


def _deadlock(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in ("40P01", "40001")


def _away(url: URL, error: Exception) -> OutboxAway:
    origin = getattr(error, "orig", None) or error
    cause = str(origin).strip().split("\n")[0] or type(origin).__name__
    is_missing = isinstance(error, FileNotFoundError)
    is_file = url.get_backend_name() == "sqlite"
    return OutboxAway(url.render_as_string(), cause, is_file=is_file, is_missing=is_missing)
