"""`order-lifecycle` → a ledger made anew, in bulk: rows are spooled while those before them are loaded.

What is loaded is in the new ledger with its offset, so that a rebuild that was stopped goes on there.
"""

import asyncio
import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path

import pyarrow as pa

from analytics.ledger import (
    AnotherLog,
    Ledger,
    LedgerDamaged,
    LedgerLocked,
    LedgerNotOpened,
    SchemaMismatch,
    Share,
    spooled,
)
from analytics.uncollected import uncollected
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
# One spool is one transaction: enough rows to be quick, few enough for the memory and for going on. The first
# is a part of one, since until it is there DuckDB has nothing to do.
SPOOLED_ROWS = 250_000
OF_THE_FIRST = 4
# What a ledger may take while it is filled, unless a setting says otherwise.
WHILE_FILLED = Share(memory="1GB")


async def rows_end(kafka: KafkaSettings) -> int:
    """How far `order-lifecycle` reaches now."""
    ends = await ask_log(lambda: end_offsets(kafka, [TOPIC]))
    return ends[TOPIC, 0]


async def log_id(kafka: KafkaSettings) -> str:
    """Kafka's id of the topic of rows."""
    return (await ask_log(lambda: topic_ids(kafka)))[TOPIC]


async def begun(
    path: Path, topic_id: str, *, share: Share = WHILE_FILLED, anew: bool = False
) -> tuple[Ledger, int]:
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
        ledger = await asyncio.to_thread(Ledger.open, path, share=share)
        offset = await asyncio.to_thread(ledger.next_offset, TOPIC, 0, topic_id)
    except LedgerLocked as error:
        raise Refusal(f"Another rebuild is at {path.name}: {error.holder}.") from error
    except LedgerNotOpened as error:
        raise Refusal(f"{error}") from error
    except (LedgerDamaged, SchemaMismatch, AnotherLog):
        discard(path)
        ledger, offset = await asyncio.to_thread(Ledger.open, path, share=share), 0
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
    rows_of_a_spool: int = SPOOLED_ROWS,
) -> None:
    """Load all rows below `upto` that the ledger doesn't have; its tables are whole when this returns.

    Raises:
        Stopped: `stop` was set.
    """
    begin = await asyncio.to_thread(ledger.next_offset, TOPIC, 0, topic_id)
    begins = await ask_log(lambda: beginning_offsets(kafka, [TOPIC]))
    spools = _spools(kafka, max(begin, begins[TOPIC, 0]), upto, rows_of_a_spool)
    with uncollected():
        # One spool ahead: Kafka is read while DuckDB loads.
        following = asyncio.ensure_future(anext(spools, None))
        try:
            while (spool := await following) is not None:
                following = asyncio.ensure_future(anext(spools, None))
                await asyncio.to_thread(ledger.load, spool, topic=TOPIC, partition=0, topic_id=topic_id)
                tell(spool.num_rows)
                if stop.is_set():
                    raise Stopped
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await spools.aclose()
    await asyncio.to_thread(ledger.make_tables)


def discard(path: Path) -> None:
    """Take away a ledger that was being filled, and all that belongs to it."""
    for each in (path, path.with_name(f"{path.name}.wal"), _marker(path)):
        each.unlink(missing_ok=True)


def settled(path: Path) -> None:
    """The ledger is whole: nothing is to be gone on with."""
    _marker(path).unlink(missing_ok=True)


async def _spools(kafka: KafkaSettings, begin: int, upto: int, size: int) -> AsyncGenerator[pa.Table, None]:
    """All rows from `begin` up to `upto`, so many in each but the first and the last."""
    parts: list[pa.Table] = []
    wanted = math.ceil(size / OF_THE_FIRST)
    async with aclosing(read_raw(kafka, (TOPIC, 0), begin, upto)) as log:
        async for batches in log:
            parts.append(await asyncio.to_thread(_spooled, batches, begin, upto))
            while sum(part.num_rows for part in parts) >= wanted:
                whole = pa.concat_tables(parts)
                parts = [whole.slice(wanted)]
                yield whole.slice(0, wanted)
                wanted = size
    if parts and (rest := pa.concat_tables(parts)).num_rows:
        yield rest


def _spooled(batches: Sequence[Batch], begin: int, upto: int) -> pa.Table:
    return spooled(list(records_between(batches, begin, upto)))


def _marker(path: Path) -> Path:
    return path.with_name(f"{path.name}.begun")


def _write_marker(marker: Path, topic_id: str) -> None:
    marker.write_text(_build(topic_id), encoding="utf-8")


def _build(topic_id: str) -> str:
    """What must be the same for rows of two runs to lie in one file."""
    return f"{this_build('')} {topic_id}\n"
