"""`order-lifecycle` → a ledger made anew, in bulk: rows are spooled to files while the file before is loaded.

What is loaded is in the new ledger with its offset, so that a rebuild that was stopped goes on there.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from analytics.ledger import (
    AnotherLog,
    Ledger,
    LedgerDamaged,
    LedgerLocked,
    LedgerNotOpened,
    SchemaMismatch,
    spool_lines,
)
from ingest.admin import beginning_offsets, end_offsets, topic_ids
from ingest.settings import KafkaSettings
from ingest.topics import ORDER_LIFECYCLE
from streams.ledger_swap import nobody
from streams.pause import this_build
from streams.raw_log import Batch, read_raw, records_between
from streams.replay import Tell
from streams.replay_journal import Stopped
from streams.running import Refusal, ask_log

TOPIC = ORDER_LIFECYCLE.name
# One file is one transaction: enough rows to be quick, few enough for the memory and for going on.
SPOOLED_ROWS = 250_000


@dataclass(frozen=True, slots=True)
class Spool:
    """One file and how many rows it holds."""

    path: Path
    rows: int


async def rows_end(kafka: KafkaSettings) -> int:
    """How far `order-lifecycle` reaches now."""
    ends = await ask_log(lambda: end_offsets(kafka, [TOPIC]))
    return ends[TOPIC, 0]


async def log_id(kafka: KafkaSettings) -> str:
    """Kafka's id of the topic of rows."""
    return (await ask_log(lambda: topic_ids(kafka)))[TOPIC]


async def begun(path: Path, topic_id: str, *, anew: bool = False) -> tuple[Ledger, int]:
    """A ledger to be filled, and the offset it was filled to when a rebuild was stopped.

    What another build, another log or half a crash left there is taken away first.

    Raises:
        Refusal: another rebuild is at it.
    """
    marker = _marker(path)
    is_ours = not anew and marker.exists() and marker.read_text(encoding="utf-8") == _build(topic_id)
    if not is_ours:
        discard(path)
    try:
        ledger = await asyncio.to_thread(Ledger.open, path)
        offset = await asyncio.to_thread(ledger.next_offset, TOPIC, 0, topic_id)
    except LedgerLocked as error:
        raise Refusal(f"Another rebuild is at {path.name}: {error.holder}.") from error
    except LedgerNotOpened as error:
        raise Refusal(f"{error}") from error
    except (LedgerDamaged, SchemaMismatch, AnotherLog):
        discard(path)
        ledger, offset = await asyncio.to_thread(Ledger.open, path), 0
    await asyncio.to_thread(_write_marker, marker, topic_id)
    return ledger, offset


async def fill(
    ledger: Ledger,
    kafka: KafkaSettings,
    topic_id: str,
    *,
    upto: int,
    stop: asyncio.Event,
    tell: Tell = nobody,
    rows_of_a_file: int = SPOOLED_ROWS,
) -> None:
    """Load all rows below `upto` that the ledger doesn't have; its tables are whole when this returns.

    Raises:
        Stopped: `stop` was set.
    """
    folder = ledger.spool_folder
    await asyncio.to_thread(_emptied, folder)
    begin = await asyncio.to_thread(ledger.next_offset, TOPIC, 0, topic_id)
    begins = await ask_log(lambda: beginning_offsets(kafka, [TOPIC]))
    spools = _spools(kafka, max(begin, begins[TOPIC, 0]), upto, rows_of_a_file, folder)
    # One file ahead: Kafka is read while DuckDB loads.
    following = asyncio.ensure_future(anext(spools, None))
    try:
        while (spool := await following) is not None:
            following = asyncio.ensure_future(anext(spools, None))
            await asyncio.to_thread(_load, ledger, spool.path, topic_id, more_follows=True)
            tell(spool.rows)
            if stop.is_set():
                raise Stopped
        await asyncio.to_thread(_load, ledger, folder, topic_id, more_follows=False)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await spools.aclose()
        await asyncio.to_thread(_removed, folder)


def discard(path: Path) -> None:
    """Take away a ledger that was being filled, and all that belongs to it."""
    for each in (path, path.with_name(f"{path.name}.wal"), _marker(path)):
        each.unlink(missing_ok=True)


def settled(path: Path) -> None:
    """The ledger is whole: nothing is to be gone on with."""
    _marker(path).unlink(missing_ok=True)


async def _spools(
    kafka: KafkaSettings, begin: int, upto: int, size: int, folder: Path
) -> AsyncGenerator[Spool, None]:
    """All rows from `begin` up to `upto` in files of so many, each handed on when it is whole."""
    number, written = 0, 0
    async with aclosing(read_raw(kafka, (TOPIC, 0), begin, upto)) as log:
        async for batches in log:
            lines = await asyncio.to_thread(_lines, batches, begin, upto)
            while lines:
                path = _file(folder, number)
                part, lines = lines[: size - written], lines[size - written :]
                await asyncio.to_thread(_write, path, part)
                written += len(part)
                if written == size:
                    yield Spool(path, size)
                    number, written = number + 1, 0
    if written:
        yield Spool(_file(folder, number), written)


def _lines(batches: Sequence[Batch], begin: int, upto: int) -> list[bytes]:
    return spool_lines(records_between(batches, begin, upto))


def _file(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}.ndjson"


def _write(path: Path, lines: Sequence[bytes]) -> None:
    with path.open("ab") as file:
        file.write(b"".join(lines))


def _load(ledger: Ledger, spool: Path, topic_id: str, *, more_follows: bool) -> None:
    ledger.load(spool, topic=TOPIC, partition=0, topic_id=topic_id, more_follows=more_follows)
    if spool.is_file():
        spool.unlink()


def _emptied(folder: Path) -> None:
    _removed(folder)
    folder.mkdir(parents=True)


def _removed(folder: Path) -> None:
    for file in folder.glob("*.ndjson"):
        file.unlink()
    if folder.exists():
        folder.rmdir()


def _marker(path: Path) -> Path:
    return path.with_name(f"{path.name}.begun")


def _write_marker(marker: Path, topic_id: str) -> None:
    marker.write_text(_build(topic_id), encoding="utf-8")


def _build(topic_id: str) -> str:
    """What must be the same for rows of two runs to lie in one file."""
    return f"{this_build('')} {topic_id}\n"
