"""Topics created and checked, offsets by time, what a group has committed. Synchronous (kafka-python).

BrokerAway          nobody answers: wait, or start the broker
└── TopicsMissing   the broker answers, but the topics are not there: `python -m ingest topics`
"""

import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    KafkaError,
    NotCoordinatorError,
)

from ingest.settings import KafkaSettings
from ingest.topics import ALL_TOPICS, EVENT_RETENTION, Topic

# A webhook may be 1 MiB and can double when it is re-written as ASCII; Kafka's default is 1 MiB.
MAX_RECORD_BYTES = 4 * 1024 * 1024
# Connecting is refused at once or takes milliseconds; this is for packets that vanish.
CONNECT_TIMEOUT_SECONDS = 3.0
REQUEST_TIMEOUT_MS = 10_000
COORDINATOR_TIMEOUT_SECONDS = 10.0

Offsets = dict[tuple[str, int], int]


class BrokerAway(Exception):
    """Kafka does not answer. Nothing is lost by waiting and asking again."""

    def __init__(self, servers: str, reason: str) -> None:
        super().__init__(
            f"Kafka does not answer at {servers} ({reason}). "
            'Start it ("python -m sandbox broker" for the embedded one), or set KAFKA_BOOTSTRAP_SERVERS.'
        )
        self.servers = servers
        self.reason = reason


class TopicsMissing(BrokerAway):
    """The broker is there, topics are not. Make them with `python -m ingest topics`."""

    def __init__(self, servers: str, names: Iterable[str]) -> None:
        self.names = sorted(names)
        self.servers = servers
        self.reason = "topics_missing"
        Exception.__init__(
            self,
            f"Kafka at {servers} has no {', '.join(self.names)}. Create them with: python -m ingest topics",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicReport:
    """What was found or done for one topic; `differences` is empty unless it differs."""

    name: str
    full_name: str
    state: Literal["created", "present", "differs", "missing"]
    partitions: int
    retention: timedelta | None
    differences: tuple[str, ...] = ()


def ensure_topics(settings: KafkaSettings) -> list[TopicReport]:
    """Create the topics that are missing; change none that exist, but say how they differ.

    May be called at any time and by many at once.
    """
    with _admin(settings) as admin:
        present = set(admin.list_topics())
        missing = [topic for topic in ALL_TOPICS if topic.full_name(settings.topic_prefix) not in present]
        if missing:
            _create(admin, missing, settings)
        return [
            _report(admin, topic, settings, as_it_should="created" if topic in missing else "present")
            for topic in ALL_TOPICS
        ]


def compare_topics(settings: KafkaSettings) -> list[TopicReport]:
    """What `ensure_topics` would say, creating nothing."""
    with _admin(settings) as admin:
        present = set(admin.list_topics())
        return [
            _report(admin, topic, settings, as_it_should="present")
            if topic.full_name(settings.topic_prefix) in present
            else _report_missing(topic, settings)
            for topic in ALL_TOPICS
        ]


def offsets_forgotten_after(
    settings: KafkaSettings, *, records_kept: timedelta = EVENT_RETENTION
) -> timedelta | None:
    """How long the broker keeps what an idle group committed, if that is less than topics keep records."""
    with _admin(settings) as admin:
        node = admin.describe_cluster()["brokers"][0]
        resource = ConfigResource(ConfigResourceType.BROKER, str(_node_id(node)))
        configs = admin.describe_configs([resource], config_filter="all")["broker"][str(_node_id(node))]
    kept = timedelta(minutes=int(configs["offsets.retention.minutes"]["value"]))
    return kept if kept < records_kept else None


def end_offsets(settings: KafkaSettings, topics: Iterable[str]) -> Offsets:
    """Offset that the next record of each partition will get; topic names are without prefix."""
    return _offsets(settings, topics, OffsetSpec.LATEST)


def beginning_offsets(settings: KafkaSettings, topics: Iterable[str]) -> Offsets:
    """Offset of the oldest record that each partition still has."""
    return _offsets(settings, topics, OffsetSpec.EARLIEST)


def offsets_at(settings: KafkaSettings, topic: str, moment: datetime) -> dict[int, int]:
    """Per partition the first offset received at or after `moment`; the end where nothing is."""
    found = _offsets(settings, [topic], int(moment.timestamp() * 1000))
    ends = end_offsets(settings, [topic]) if -1 in found.values() else {}
    return {
        partition: ends[name, partition] if offset < 0 else offset
        for (name, partition), offset in found.items()
    }


def committed(settings: KafkaSettings, group: str, topics: Iterable[str]) -> Offsets:
    """What `group` (its full id, with prefix) has committed; partitions without a commit are absent."""
    wanted = {topic: f"{settings.topic_prefix}{topic}" for topic in topics}
    with _admin(settings) as admin:
        answer = _group_offsets(admin, group)
    short = {full: name for name, full in wanted.items()}
    return {
        (short[place.topic], place.partition): position.offset
        for place, position in answer.items()
        if place.topic in short and position.offset >= 0
    }


def topic_ids(settings: KafkaSettings) -> dict[str, str]:
    """Kafka's id of each of our topics that exists: a topic made anew has another one."""
    names = {topic.full_name(settings.topic_prefix): topic.name for topic in ALL_TOPICS}
    with _admin(settings) as admin:
        described = admin.describe_topics()
    return {names[each["name"]]: str(each["topic_id"]) for each in described if each["name"] in names}


def _group_offsets(admin: KafkaAdminClient, group: str) -> Mapping[TopicPartition, Any]:
    """A broker that has just started makes or loads its offsets topic first: a second or two."""
    deadline = time.monotonic() + COORDINATOR_TIMEOUT_SECONDS
    while True:
        try:
            answer: Mapping[TopicPartition, Any] = admin.list_group_offsets(group)[group]
        except (CoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return answer


@contextmanager
def _admin(settings: KafkaSettings) -> Iterator[KafkaAdminClient]:
    """An admin client for a few calls; every failure to talk becomes BrokerAway."""
    servers = settings.kafka_bootstrap_servers
    _probe(settings)
    try:
        client = KafkaAdminClient(
            **settings.kafka_python_options(),
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            bootstrap_timeout_ms=REQUEST_TIMEOUT_MS,
        )
        try:
            yield client
        finally:
            client.close()
    except (KafkaError, OSError) as error:
        raise BrokerAway(servers, str(error) or type(error).__name__) from error


def _probe(settings: KafkaSettings) -> None:
    """Refuse at once where no port is open: kafka-python's first failure costs seconds of back-off."""
    failure: OSError | ValueError | None = None
    for server in settings.servers:
        host, _, port = server.rpartition(":")
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_TIMEOUT_SECONDS):
                return
        except (OSError, ValueError) as error:
            failure = error
    reason = str(failure) if failure else "KAFKA_BOOTSTRAP_SERVERS is empty"
    raise BrokerAway(settings.kafka_bootstrap_servers, reason)


def _create(admin: KafkaAdminClient, topics: Iterable[Topic], settings: KafkaSettings) -> None:
    wanted = {
        topic.full_name(settings.topic_prefix): {
            "num_partitions": topic.partitions,
            "replication_factor": settings.kafka_replication_factor,
            "configs": _configs(topic),
        }
        for topic in topics
    }
    # Two processes may create at once: the second finds them there, which is what it wanted.
    answer = admin.create_topics(wanted, raise_errors=False)
    refused = {
        each["name"]: each["error_message"] for each in answer["topics"] if each["error_code"] not in (0, 36)
    }
    if refused:
        raise BrokerAway(settings.kafka_bootstrap_servers, f"it refused to create topics: {refused}")
    admin.wait_for_topics(list(wanted))


def _configs(topic: Topic) -> dict[str, str]:
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(_milliseconds(topic.retention)),
        "message.timestamp.type": "LogAppendTime" if topic.log_append_time else "CreateTime",
        "max.message.bytes": str(MAX_RECORD_BYTES),
    }


def _milliseconds(retention: timedelta | None) -> int:
    return -1 if retention is None else retention // timedelta(milliseconds=1)


def _report(
    admin: KafkaAdminClient,
    topic: Topic,
    settings: KafkaSettings,
    *,
    as_it_should: Literal["created", "present"],
) -> TopicReport:
    name = topic.full_name(settings.topic_prefix)
    differences = tuple(_differences(admin, name, topic))
    return TopicReport(
        name=topic.name,
        full_name=name,
        state="differs" if differences else as_it_should,
        partitions=topic.partitions,
        retention=topic.retention,
        differences=differences,
    )


def _report_missing(topic: Topic, settings: KafkaSettings) -> TopicReport:
    return TopicReport(
        name=topic.name,
        full_name=topic.full_name(settings.topic_prefix),
        state="missing",
        partitions=topic.partitions,
        retention=topic.retention,
    )


def _differences(admin: KafkaAdminClient, name: str, topic: Topic) -> Iterator[str]:
    """Each as `what: found, expected wanted`."""
    found = len(admin.describe_topics([name])[0]["partitions"])
    if found != topic.partitions:
        yield f"partitions: {found}, expected {topic.partitions}"
    resource = ConfigResource(ConfigResourceType.TOPIC, name)
    configs = admin.describe_configs([resource], config_filter="all")["topic"][name]
    for key, wanted in _configs(topic).items():
        value = configs[key]["value"]
        if value != wanted:
            yield f"{key}: {value}, expected {wanted}"


def _offsets(settings: KafkaSettings, topics: Iterable[str], spec: Any) -> Offsets:
    names = {topic: f"{settings.topic_prefix}{topic}" for topic in topics}
    with _admin(settings) as admin:
        places = _places(admin, names, settings)
        answer = admin.list_partition_offsets(dict.fromkeys(places, spec))
    return {places[place]: position.offset for place, position in answer.items()}


def _places(
    admin: KafkaAdminClient, names: Mapping[str, str], settings: KafkaSettings
) -> dict[TopicPartition, tuple[str, int]]:
    """Every partition of the topics named."""
    short = {full: name for name, full in names.items()}
    described = [each for each in admin.describe_topics(list(short)) if each["partitions"]]
    if missing := set(short) - {each["name"] for each in described}:
        raise TopicsMissing(settings.kafka_bootstrap_servers, missing)
    return {
        TopicPartition(each["name"], part["partition_index"]): (short[each["name"]], part["partition_index"])
        for each in described
        for part in each["partitions"]
    }


def _node_id(node: Mapping[str, Any]) -> int:
    return int(node.get("broker_id", node.get("node_id", 0)))
