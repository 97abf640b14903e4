"""Re-derive: events on the log → rows by this build's mapping. Reads the log, writes rows, no more.

Nothing here knows the outbox, the runner or Wix, so no replay can reach a customer.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from aiokafka import ConsumerRecord

from analytics.lifecycle import LifecycleRow, Source
from ingest.admin import beginning_offsets, end_offsets, offsets_at
from ingest.record import EventRecord, Unreadable
from ingest.settings import KafkaSettings
from ingest.topics import EVENT_TOPICS
from streams.forgotten import Forgotten
from streams.lifecycle import from_event
from streams.replay_journal import ReplayJournal, Stopped
from streams.row_reader import Place, read_log
from streams.rows import RowPublisher
from streams.running import ask_log

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
    forgotten: int = 0
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
        begins |= await ask_log(partial(_at, kafka, stretch.topics, stretch.begin))
    if stretch.end is not None:
        later = await ask_log(partial(_at, kafka, stretch.topics, stretch.end))
        ends = {place: min(end, later.get(place, end)) for place, end in ends.items()}
    return Offsets(begins=begins, ends=ends)


async def oldest_events(kafka: KafkaSettings, topics: Iterable[str]) -> dict[str, datetime]:
    """When the oldest event that each topic still has was received; topics without any are left out."""
    begins = await ask_log(lambda: beginning_offsets(kafka, topics))
    ends = await ask_log(lambda: end_offsets(kafka, topics))
    firsts = {place: begin + 1 for place, begin in begins.items() if begin < ends[place]}
    oldest: dict[str, datetime] = {}
    async for (topic, _), records in read_log(kafka, begins, firsts):
        received = datetime.fromtimestamp(records[0].timestamp / 1000, UTC)
        oldest[topic] = min(received, oldest.get(topic, received))
    return oldest


async def rederive(
    kafka: KafkaSettings,
    stretch: Stretch,
    journal: ReplayJournal,
    *,
    forgotten: Forgotten,
    stop: asyncio.Event,
    tell: Tell,
) -> Rederived:
    """Publish the rows of all events in the stretch once more; `tell` hears how many records each batch had.

    Rows that are there already merge by their ids; a new mapping version adds rows beside the old.

    Raises:
        Stopped: `stop` was set; called again with the same journal it goes on there.
    """
    result = Rederived()
    async with RowPublisher(kafka) as publisher:
        async for place, records in read_log(kafka, journal.begins, journal.ends):
            made = [row for record in records for row in _rows(place[0], record, stretch.site, result)]
            rows = list(forgotten.obeyed(made))
            await publisher.rows(rows)
            result.rows += len(rows)
            result.forgotten += len(made) - len(rows)
            await asyncio.to_thread(journal.reached, place, records[-1].offset + 1)
            tell(len(records))
            if stop.is_set():
                raise Stopped
    await asyncio.to_thread(journal.done)
    return result


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
