"""LedgerSeat: the one place in the ledger process that writes DuckDB and can change the file."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from analytics.ledger import (
    AnotherLog,
    Ledger,
    LedgerDamaged,
    LedgerLocked,
    LedgerNotOpened,
    LedgerNotWritten,
    LedgerRecord,
    PartitionSample,
    SchemaMismatch,
    Share,
)
from ingest.topics import ORDER_LIFECYCLE
from streams.running import Refusal

log = logging.getLogger(__name__)

TOPIC = ORDER_LIFECYCLE.name
RETRY_SECONDS = 1.0
# Somebody may look into the file for a moment while it changes hands.
OPEN_SECONDS = 10.0
# A file up to this size, about a million rows, is asked on one thread per question.
SMALL_FILE_BYTES = 400_000_000


def next_path(path: Path) -> Path:
    """Where a rebuild writes."""
    return path.with_name(f"{path.name}.next")


def ready_path(path: Path) -> Path:
    """Where a finished rebuild waits for the file's owner."""
    return path.with_name(f"{path.name}.next.ready")


def failed_path(path: Path) -> Path:
    """Where a finished rebuild is set aside that the owner could not take over."""
    return path.with_name(f"{path.name}.next.failed")


def fitting(share: Share, path: Path) -> Share:
    """The share for a file of that size, unless the number of threads was chosen.

    Small statements take a fifth more when they are split among cores, and writer and readers get in each
    other's way: of 1 000 rows a second the slowest twentieth was seen after 1.2 s with two threads, 0.84 with
    one. Questions to a large file need all cores.
    """
    is_small = not path.is_file() or path.stat().st_size <= SMALL_FILE_BYTES
    return replace(share, threads=1) if is_small and not share.threads else share


class LedgerSeat:
    """Writes what it is given until it holds, one write at a time. Keeps `own` until it is closed."""

    def __init__(self, ledger: Ledger, own: FileLock, share: Share) -> None:
        self.ledger = ledger
        self._share = share
        # A lock that nobody refers to any more lets go by itself.
        self._own = own
        self.topic_id = ""
        # Up to where the file holds the rows, as far as it was asked; and whether its disk takes no more.
        self.read_to: int | None = None
        self.is_waiting = False
        # Set once rows have come in since the start.
        self.first_rows = asyncio.Event()
        self._turn = asyncio.Lock()

    async def next_offset(self) -> int:
        """Where to read on.

        Raises:
            AnotherLog: the ledger was filled from another topic.
        """
        found = await asyncio.to_thread(self.ledger.next_offset, TOPIC, 0, self.topic_id)
        self.read_to = max(found, self.read_to or 0)
        return found

    async def append(self, records: Sequence[LedgerRecord]) -> int:
        """Append until it holds; only another log under the ledger ends that.

        Raises:
            AnotherLog: see `next_offset`.
        """
        while True:
            try:
                async with self._turn:
                    added = await asyncio.to_thread(self._append, records)
                self._wrote(records)
                return added
            except AnotherLog:
                raise
            except LedgerNotWritten as error:
                self.is_waiting = True
                log.error("%s", error)
                await asyncio.sleep(RETRY_SECONDS)
            except Exception:
                log.exception("the ledger did not take %d rows; trying again", len(records))
                await asyncio.sleep(RETRY_SECONDS)

    async def record_samples(self, at: datetime, samples: Sequence[PartitionSample]) -> None:
        """Note how far the worker has come."""
        async with self._turn:
            await asyncio.to_thread(self.ledger.record_samples, at, samples)

    async def publish(self) -> None:
        """Give readers what has been written."""
        async with self._turn:
            await asyncio.to_thread(self.ledger.publish)

    @contextlib.asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Nothing is written inside the block."""
        async with self._turn:
            self.is_waiting = True
            try:
                yield
            finally:
                self.is_waiting = False

    def replace(self, rebuilt: Ledger) -> None:
        """Put a rebuilt ledger, which has all that this one has, in its place; call it while paused."""
        path, ready = self.ledger.path, rebuilt.path
        # Closing writes the WAL into the file, so that one file is the whole ledger.
        rebuilt.close()
        try:
            self.ledger.close()
            ready.replace(path)
        finally:
            share = fitting(self._share, path)
            self.ledger = Ledger.open(path, wait_seconds=OPEN_SECONDS, share=share)

    def close(self) -> None:
        """Let go of the file."""
        self.ledger.close()
        self._own.release(force=True)

    def _wrote(self, records: Sequence[LedgerRecord]) -> None:
        self.is_waiting = False
        self.first_rows.set()
        if records:
            self.read_to = max(records[-1].offset + 1, self.read_to or 0)

    def _append(self, records: Sequence[LedgerRecord]) -> int:
        return self.ledger.append(records, topic=TOPIC, partition=0, topic_id=self.topic_id)


def ownership(path: Path) -> FileLock:
    """The right to change the file under its name: the ledger process has it, or a rebuild without one.

    DuckDB's own lock goes with the file's content and can't guard its name.
    """
    return FileLock(path.with_name(f"{path.name}.lock"), thread_local=False)


async def opened(path: Path, share: Share) -> LedgerSeat:
    """A seat at the ledger, as soon as no other process has it; says once who has.

    Raises:
        Refusal: another build wrote the file, it is damaged, or there is no opening it.
    """
    own, said = ownership(path), False
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            own.acquire(blocking=False)
            fits = fitting(share, path)
            ledger = await asyncio.to_thread(Ledger.open, path, wait_seconds=OPEN_SECONDS, share=fits)
            return LedgerSeat(ledger, own, share)
        except (LedgerDamaged, LedgerNotOpened, SchemaMismatch) as error:
            raise Refusal(f"{error}") from error
        except (Timeout, LedgerLocked):
            if not said:
                log.warning("%s Waiting for it.", await asyncio.to_thread(_who, path))
            said = True
        except OSError as error:
            raise Refusal(f"{LedgerNotOpened(path, said=str(error))}") from error
        await asyncio.sleep(RETRY_SECONDS)


def _who(path: Path) -> str:
    """Who has the file, as DuckDB tells it."""
    try:
        Ledger.open(path).close()
    except LedgerLocked as error:
        return str(error)
    return f"{path} is about to be opened by another process."
