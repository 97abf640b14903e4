from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition
from kafka import KafkaAdminClient

from ingest.admin import (
    BrokerAway,
    TopicsMissing,
    beginning_offsets,
    committed,
    compare_topics,
    end_offsets,
    ensure_topics,
    offsets_at,
    offsets_forgotten_after,
    topic_ids,
)
from ingest.settings import KafkaSettings
from ingest.topics import ALL_TOPICS
from tests.conftest import TestKafka

pytestmark = pytest.mark.kafka


def at(second: int) -> datetime:
    return datetime(2026, 3, 1, 12, 0, second, tzinfo=UTC)


async def written(kafka: KafkaSettings, topic: str, *seconds: int) -> None:
    """One record in partition 0 for each time of receipt."""
    async with AIOKafkaProducer(**kafka.aiokafka_options()) as producer:
        for second in seconds:
            await producer.send_and_wait(
                f"{kafka.topic_prefix}{topic}",
                b"{}",
                partition=0,
                timestamp_ms=int(at(second).timestamp() * 1000),
            )


class TestTopics:
    def test_all_are_created_as_topics_py_says(self, kafka: TestKafka) -> None:
        created = ensure_topics(kafka)

        assert [report.state for report in created] == ["created"] * len(ALL_TOPICS)
        assert [report.state for report in compare_topics(kafka)] == ["present"] * len(ALL_TOPICS)

    def test_a_second_time_changes_nothing(self, kafka: TestKafka) -> None:
        ensure_topics(kafka)
        before = topic_ids(kafka)

        assert {report.state for report in ensure_topics(kafka)} == {"present"}
        assert topic_ids(kafka) == before

    def test_only_what_is_missing_is_created(self, kafka: TestKafka) -> None:
        name = made_by_hand(kafka, "payments", partitions=12)

        states = {report.full_name: report.state for report in ensure_topics(kafka)}

        assert states.pop(name) == "differs"  # its retention is the broker's
        assert set(states.values()) == {"created"}

    def test_what_differs_is_named_and_left_alone(self, kafka: TestKafka) -> None:
        """More partitions would move sites between them; that is a person's decision."""
        made_by_hand(kafka, "payments", partitions=3)

        for _ in range(2):
            payments = ensure_topics(kafka)[0]
            assert payments.state == "differs"
            assert "partitions: 3, expected 12" in payments.differences

    def test_comparing_creates_nothing(self, kafka: TestKafka) -> None:
        for _ in range(2):
            assert [report.state for report in compare_topics(kafka)] == ["missing"] * len(ALL_TOPICS)

    def test_every_topic_has_an_id_of_its_own(self, kafka: TestKafka) -> None:
        ensure_topics(kafka)

        assert len(set(topic_ids(kafka).values())) == len(ALL_TOPICS)

    def test_a_broker_that_forgets_groups_sooner_is_said(self, kafka: TestKafka) -> None:
        kept = offsets_forgotten_after(kafka, records_kept=timedelta.max)

        assert kept is not None
        assert offsets_forgotten_after(kafka, records_kept=kept) is None


class TestOffsets:
    async def test_ends_and_beginnings_by_names_without_prefix(self, kafka: TestKafka) -> None:
        ensure_topics(kafka)
        await written(kafka, "dead-letters", 1, 2, 3)

        assert end_offsets(kafka, ["dead-letters"]) == {
            ("dead-letters", 0): 3,
            ("dead-letters", 1): 0,
            ("dead-letters", 2): 0,
        }
        assert set(beginning_offsets(kafka, ["dead-letters", "order-lifecycle"]).values()) == {0}

    async def test_a_time_leads_to_the_first_record_received_then_or_later(self, kafka: TestKafka) -> None:
        ensure_topics(kafka)
        await written(kafka, "dead-letters", 10, 20, 30)

        found = [offsets_at(kafka, "dead-letters", at(second))[0] for second in (0, 10, 11, 30)]

        assert found == [0, 0, 1, 2]

    async def test_after_the_last_record_it_is_the_end(self, kafka: TestKafka) -> None:
        ensure_topics(kafka)
        await written(kafka, "dead-letters", 10)

        assert offsets_at(kafka, "dead-letters", at(59)) == {0: 1, 1: 0, 2: 0}

    async def test_what_a_group_committed(self, kafka: TestKafka) -> None:
        ensure_topics(kafka)
        await written(kafka, "dead-letters", 1, 2)
        group = f"{kafka.topic_prefix}worker"
        place = TopicPartition(f"{kafka.topic_prefix}dead-letters", 0)
        consumer = AIOKafkaConsumer(**kafka.aiokafka_options(), group_id=group, enable_auto_commit=False)
        async with consumer:
            consumer.assign([place])
            await consumer.commit({place: 2})

        assert committed(kafka, group, ["dead-letters", "payments"]) == {("dead-letters", 0): 2}

    def test_a_group_that_never_was_has_committed_nothing(self, kafka: TestKafka) -> None:
        ensure_topics(kafka)

        assert committed(kafka, f"{kafka.topic_prefix}nobody", ["payments"]) == {}

    def test_topics_that_are_not_there_are_named_with_the_remedy(self, kafka: TestKafka) -> None:
        with pytest.raises(TopicsMissing, match=r"payments\. Create them with: python -m ingest topics"):
            end_offsets(kafka, ["payments"])


class TestBrokerAway:
    @pytest.mark.parametrize("servers", ["127.0.0.1:1", "", "nonsense", "127.0.0.1:1,127.0.0.1:2"])
    def test_it_is_said_at_once_with_the_remedy(self, servers: str) -> None:
        with pytest.raises(BrokerAway, match="KAFKA_BOOTSTRAP_SERVERS"):
            ensure_topics(KafkaSettings(kafka_bootstrap_servers=servers))


def made_by_hand(kafka: TestKafka, topic: str, *, partitions: int) -> str:
    name = f"{kafka.topic_prefix}{topic}"
    admin = KafkaAdminClient(**kafka.kafka_python_options())
    try:
        admin.create_topics({name: {"num_partitions": partitions}}, wait_for_metadata=True)
    finally:
        admin.close()
    return name
