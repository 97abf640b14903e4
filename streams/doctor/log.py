"""Whether the log is as it should be: topics, how long positions are kept, webhooks of the last day."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ingest.admin import BrokerAway, compare_topics, end_offsets, offsets_at, offsets_forgotten_after
from ingest.settings import KafkaSettings
from ingest.topics import EVENT_RETENTION, EVENT_TOPICS, HANDOVERS, SNAPSHOTS
from streams.doctor.finding import Finding, fine, skipped, wrong

TOPICS, RETENTION, WEBHOOKS = "topics", "offset retention", "webhooks of the last day"
# What comes from Wix by itself; the others are a warehouse's and our own.
FROM_WIX = [topic.name for topic in EVENT_TOPICS if topic not in (HANDOVERS, SNAPSHOTS)]


def check_log(settings: KafkaSettings) -> list[Finding]:
    """Everything about Kafka; where it is away, that is said once."""
    try:
        topics = _topics(settings)
    except BrokerAway as error:
        return [
            wrong(TOPICS, str(error), "Start Kafka, or set KAFKA_BOOTSTRAP_SERVERS to where it listens."),
            skipped(RETENTION, "Kafka is away."),
            skipped(WEBHOOKS, "Kafka is away."),
        ]
    return [topics, _asked(RETENTION, _retention, settings), _asked(WEBHOOKS, _webhooks, settings)]


def _asked(about: str, check: Callable[[KafkaSettings], Finding], settings: KafkaSettings) -> Finding:
    try:
        return check(settings)
    except BrokerAway as error:
        return skipped(about, str(error))


def _topics(settings: KafkaSettings) -> Finding:
    reports = compare_topics(settings)
    missing = [report.full_name for report in reports if report.state == "missing"]
    if missing:
        return wrong(TOPICS, f"missing: {', '.join(missing)}", "Create them: python -m ingest topics")
    differing = [f"{one.full_name} ({'; '.join(one.differences)})" for one in reports if one.differences]
    if differing:
        remedy = "Set retention and the like at the broker; partitions are for life."
        return wrong(TOPICS, f"not as they should be: {', '.join(differing)}", remedy)
    return fine(TOPICS, f"{len(reports)}, all as they should be")


def _retention(settings: KafkaSettings) -> Finding:
    kept = offsets_forgotten_after(settings)
    if kept is None:
        return fine(RETENTION, "positions are kept as long as events")
    minutes = EVENT_RETENTION // timedelta(minutes=1)
    return wrong(
        RETENTION,
        f"Kafka forgets an idle worker's place after {kept.days} days, events after {EVENT_RETENTION.days}.",
        f"Set offsets.retention.minutes={minutes} at the broker.",
    )


def _webhooks(settings: KafkaSettings) -> Finding:
    since = datetime.now(UTC) - timedelta(days=1)
    ends = end_offsets(settings, FROM_WIX)
    counted = {}
    for topic in FROM_WIX:
        begun = offsets_at(settings, topic, since)
        counted[topic] = sum(ends[topic, partition] - offset for partition, offset in begun.items())
    seen = {topic: number for topic, number in counted.items() if number}
    if not seen:
        remedy = "Register the webhooks at Wix, and look whether /webhooks/wix can be reached from outside."
        return wrong(WEBHOOKS, "none", remedy)
    return fine(WEBHOOKS, ", ".join(f"{topic} {number}" for topic, number in seen.items()))
