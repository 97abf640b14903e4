"""What the log still says of somebody, and until when: records can't be taken out of it, they only age."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka.partitioner import murmur2

from ingest.admin import beginning_offsets, end_offsets
from ingest.settings import KafkaSettings
from ingest.topics import ALL_TOPICS, Topic
from streams.row_reader import Place, Records, read_log
from streams.running import ask_log


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """Records of one topic: ids, no personal data. `until` is when the last of them goes; None is never."""

    topic: str
    records: int
    until: datetime | None


async def remains(kafka: KafkaSettings, sites: Collection[str], ids: Collection[str] = ()) -> list[Remains]:
    """The records of these sites that name one of the ids, or all of them; topics without any are left out.

    A site's records lie on one partition of each topic, and only those are read.
    """
    wanted = {place: topic for topic in ALL_TOPICS for place in _places(topic, sites)}
    names = [topic.name for topic in ALL_TOPICS]
    begins = await ask_log(lambda: beginning_offsets(kafka, names))
    ends = await ask_log(lambda: end_offsets(kafka, names))
    keys, needles = {site.encode() for site in sites}, [one.encode() for one in ids]
    found: Counter[str] = Counter()
    newest: dict[str, int] = {}
    read = {place: end for place, end in ends.items() if place in wanted}
    async for (name, _), records in read_log(kafka, begins, read):
        theirs = _theirs(records, keys, needles)
        found[name] += len(theirs)
        newest[name] = max([newest.get(name, 0), *theirs])
    topics: Mapping[str, Topic] = {topic.name: topic for topic in ALL_TOPICS}
    return [
        Remains(topic=name, records=found[name], until=_until(topics[name], newest[name]))
        for name in names
        if found[name]
    ]


def _theirs(records: Records, keys: Collection[bytes], needles: Collection[bytes]) -> list[int]:
    """When the records were written that are meant."""
    return [
        one.timestamp
        for one in records
        if one.key in keys and (not needles or any(needle in (one.value or b"") for needle in needles))
    ]


def _places(topic: Topic, sites: Collection[str]) -> set[Place]:
    """Where the producers put records with these keys."""
    return {(topic.name, (murmur2(site.encode()) & 0x7FFFFFFF) % topic.partitions) for site in sites}


def _until(topic: Topic, newest_ms: int) -> datetime | None:
    if topic.retention is None:
        return None
    return datetime.fromtimestamp(newest_ms / 1000, UTC) + topic.retention
