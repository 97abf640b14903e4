"""Replay: rows made again from events, or a ledger made again from rows. Reads the log, writes rows, no more.

Nothing here knows the outbox, the runner or Wix, so no replay can reach a customer.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from aiokafka import ConsumerRecord
from filelock import Timeout

from analytics.ledger import Ledger, LedgerLocked
from analytics.lifecycle import LifecycleRow, Source
from ingest.admin import beginning_offsets, end_offsets, offsets_at, topic_ids
from ingest.record import EventRecord, Unreadable
from ingest.settings import KafkaSettings
from ingest.topics import EVENT_TOPICS, ORDER_LIFECYCLE
from streams.ledger_seat import failed_path, next_path, ownership, ready_path
from streams.ledger_swap import catch_up
from streams.lifecycle import from_event
from streams.row_reader import Place, read_log
from streams.rows import RowPublisher
from streams.running import Refusal, ask_log

TAKEN_SECONDS = 0.5

Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Which events to make rows of again; without a bound all of them.

    `begin` and `end` are times of receipt, half-open. `site` is an instanceId.
    """

    topics: tuple[str, ...] = tuple(topic.name for topic in EVENT_TOPICS)
    begin: datetime | None = None
    end: datetime | None = None
    site: str | None = None


@dataclass(slots=True)
class Rederived:
    """What came of a re-derive. What can't be read is counted by reason: its dead letter is there already."""

    records: int = 0
    rows: int = 0
    unreadable: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offsets:
    """From where to where to read, and how many records that is at most."""

    begins: Mapping[Place, int]
    ends: Mapping[Place, int]

    @property
    def records(self) -> int:
        """Offsets in between."""
        return sum(max(0, end - self.begins.get(place, 0)) for place, end in self.ends.items())


async def stretch_offsets(kafka: KafkaSettings, stretch: Stretch) -> Offsets:
    """The offsets of a stretch as the log is now; what arrives later is the worker's."""
    begins = await ask_log(lambda: beginning_offsets(kafka, stretch.topics))
    ends = await ask_log(lambda: end_offsets(kafka, stretch.topics))
    if stretch.begin is not None:
        begins = await ask_log(lambda: _at(kafka, stretch.topics, stretch.begin or datetime.now(UTC)))
    if stretch.end is not None:
        later = await ask_log(lambda: _at(kafka, stretch.topics, stretch.end or datetime.now(UTC)))
        ends = {place: min(end, later.get(place, end)) for place, end in ends.items()}
    return Offsets(begins=begins, ends=ends)


async def rederive(kafka: KafkaSettings, stretch: Stretch, offsets: Offsets, *, tell: Tell) -> Rederived:
    """Publish the rows of all events in the stretch once more; `tell` hears how many records each batch had.

    Rows that are there already merge by their ids; a new mapping version adds rows beside the old.
    """
    result = Rederived()
    async with RowPublisher(kafka) as publisher:
        async for (topic, _), records in read_log(kafka, offsets.begins, offsets.ends):
            rows = [row for record in records for row in _rows(topic, record, stretch.site, result)]
            await publisher.rows(rows)
            result.rows += len(rows)
            tell(len(records))
    return result


async def rebuild(kafka: KafkaSettings, path: Path, end: int, *, tell: Tell) -> Path:
    """Build a ledger beside the present one from all rows up to `end`; returns where it waits.

    A rebuild that was broken off is begun again from nothing.
    """
    building, ready = next_path(path), ready_path(path)
    for old in (building, ready, failed_path(path)):
        _remove(old)
    topic_id = (await ask_log(lambda: topic_ids(kafka)))[ORDER_LIFECYCLE.name]
    ledger = await asyncio.to_thread(Ledger.open, building)
    try:
        await catch_up(ledger, kafka, topic_id, upto=end, tell=tell)
    finally:
        ledger.close()
    building.rename(ready)
    return ready


async def rows_end(kafka: KafkaSettings) -> int:
    """How far `order-lifecycle` reaches now."""
    ends = await ask_log(lambda: end_offsets(kafka, [ORDER_LIFECYCLE.name]))
    return ends[ORDER_LIFECYCLE.name, 0]


async def hand_over(path: Path, *, wait_seconds: float) -> str:
    """Get the rebuilt ledger into place; returns who did it: `swapped` (we) or `owner`.

    Raises:
        Refusal: the owner did not take it in time, and will when it looks; or it could not, and set it aside.
    """
    ready, waited = ready_path(path), 0.0
    while ready.exists():
        if await asyncio.to_thread(_swap_unowned, path, ready):
            return "swapped"
        if waited >= wait_seconds:
            raise Refusal(
                f"The owner of {path} has not taken {ready.name} over within {wait_seconds:.0f} s. "
                "It is complete and stays there; the owner takes it when it looks next (see its log)."
            )
        await asyncio.sleep(TAKEN_SECONDS)
        waited += TAKEN_SECONDS
    if failed_path(path).exists():
        raise Refusal(
            f"The owner of {path} could not take the rebuilt ledger over and goes on with the old one. "
            f"Its log says why; what was built is in {failed_path(path).name}."
        )
    return "owner"


def _swap_unowned(path: Path, ready: Path) -> bool:
    """Change the file ourselves if no ledger process runs, and none can start meanwhile."""
    try:
        with ownership(path).acquire(blocking=False):
            if not ready.exists():
                return False
            # Opening and closing the old file writes its WAL back, which must not meet the new file.
            Ledger.open(path).close()
            ready.replace(path)
            return True
    except (Timeout, LedgerLocked):
        return False


def _rows(
    topic: str, record: "ConsumerRecord[bytes, bytes]", site: str | None, result: Rederived
) -> Iterable[LifecycleRow]:
    if site is not None and record.key != site.encode():
        return ()
    result.records += 1
    source = Source(topic=topic, partition=record.partition, offset=record.offset)
    try:
        return from_event(EventRecord.from_kafka(topic, record.key, record.value, record.headers), source)
    except Unreadable as error:
        result.unreadable[error.reason] += 1
    except Exception as error:  # noqa: BLE001 - our own mistake on one record must not end the replay
        result.unreadable[type(error).__name__] += 1
    return ()


def _at(kafka: KafkaSettings, topics: Iterable[str], moment: datetime) -> dict[Place, int]:
    found = {topic: offsets_at(kafka, topic, moment) for topic in topics}
    return {(topic, part): offset for topic, parts in found.items() for part, offset in parts.items()}


def _remove(path: Path) -> None:
    for each in (path, path.with_name(f"{path.name}.wal")):
        each.unlink(missing_ok=True)
