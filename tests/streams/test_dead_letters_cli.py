"""`dead-letters list | show | redrive`, as a person or a script runs them, on a real log."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from click.testing import CliRunner, Result

from analytics.lifecycle import DeadLetterFacts, Source
from ingest.settings import KafkaSettings
from ingest.topics import DEAD_LETTERS, PAYMENTS, PLAN_ORDERS
from streams.commands.dead_letters import dead_letters
from streams.dead_letter import DeadLetter, RawRecord
from streams.letter_box import Resender, letters
from streams.outbox import Outbox
from streams.rows import RowPublisher
from streams.settings import OutboxSettings
from tests.streams.event_records import AT
from tests.streams.on_the_log import make_topics, put, records, rows

pytestmark = pytest.mark.kafka

T = TypeVar("T")
Run = Callable[..., Result]

# A record's own headers may have our names, too.
HEADERS = [("event-id", b"e-1"), ("event-type", b"odd"), ("source", b"the shop"), ("note", b"\xff")]


@pytest.fixture
def log(kafka: KafkaSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KafkaSettings:
    make_topics(kafka)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka.kafka_bootstrap_servers)
    monkeypatch.setenv("TOPIC_PREFIX", kafka.topic_prefix)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("OUTBOX_URL", "")
    return kafka


@pytest.fixture
def outbox_made(tmp_path: Path) -> None:
    asyncio.run(with_outbox(tmp_path, lambda outbox: outbox.counts()))


@pytest.fixture
def run(log: KafkaSettings, outbox_made: None) -> Run:
    return lambda *words: CliRunner().invoke(dead_letters, words)


async def with_outbox(folder: Path, ask: Callable[[Outbox], Awaitable[T]]) -> T:
    outbox = Outbox(OutboxSettings(data_dir=folder, outbox_url=""))
    await outbox.open()
    try:
        return await ask(outbox)
    finally:
        await outbox.close()


def a_letter(
    offset: int, *, topic: str = PLAN_ORDERS.name, reason: str = "unexpected", value: bytes | None = b"{}"
) -> DeadLetter:
    source = Source(topic=topic, partition=0, offset=offset)
    record = RawRecord(source=source, key=b"site-1", value=value, headers=HEADERS, at=AT)
    return DeadLetter(record=record, reason=reason, error="KeyError at streams/x.py:y", fingerprint="f" * 12)


def publish(log: KafkaSettings, *given: DeadLetter) -> None:
    async def send() -> None:
        async with RowPublisher(log) as publisher:
            for letter in given:
                await publisher.dead_letter(letter)

    asyncio.run(send())


def parsed(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def places(result: Result) -> list[str]:
    return [one["place"] for one in parsed(result)]


class TestList:
    def test_shows_each_record_once_newest_first_and_filters(self, log: KafkaSettings, run: Run) -> None:
        publish(log, a_letter(1), a_letter(1), a_letter(2, topic=PAYMENTS.name, reason="not_json"))

        assert places(run("list", "--json")) == ["payments/0/2", "plan-orders/0/1"]
        assert places(run("list", "--json", "--reason", "not_json")) == ["payments/0/2"]
        assert places(run("list", "--json", "--flow", "purchase_notice")) == ["plan-orders/0/1"]
        assert places(run("list", "--json", "--site", "another")) == []
        assert places(run("list", "--json", "--since", "2999-01-01")) == []

    def test_says_so_when_there_are_none(self, run: Run) -> None:
        assert "No dead letters fit." in run("list").stdout

    def test_show_tells_cause_kind_and_what_to_do_but_no_payload(self, log: KafkaSettings, run: Run) -> None:
        publish(log, a_letter(1, value=b'{"secret": 1}'))

        shown = run("show", "plan-orders/0/1")

        for fact in ("unexpected", "KeyError at streams/x.py:y", "f" * 12, "mend it"):
            assert fact in shown.stdout
        assert "secret" not in shown.stdout
        assert run("show", "plan-orders/9/9").exit_code == 1


class TestRedrive:
    def test_puts_the_record_back_as_it_was_once_and_tells_the_ledger(
        self, log: KafkaSettings, run: Run
    ) -> None:
        publish(log, a_letter(1, value=b'{"total": 1.50}'))

        assert places(run("redrive", "plan-orders/0/1", "--json")) == ["plan-orders/0/1"]
        again = run("redrive", "plan-orders/0/1")

        assert (again.exit_code, "sent before" in again.stderr) == (1, True)
        (record,) = records(log, PLAN_ORDERS.name)
        assert (record.key, record.value, list(record.headers)) == (b"site-1", b'{"total": 1.50}', HEADERS)
        facts = [row.facts for row in rows(log) if isinstance(row.facts, DeadLetterFacts)]
        assert [one.redriven_at is not None for one in facts] == [False, True]
        assert parsed(run("list", "--json"))[0]["redriven_at"] is not None

    def test_of_many_is_one_reviewed_step(self, log: KafkaSettings, run: Run) -> None:
        publish(log, a_letter(1), a_letter(2))

        planned = run("redrive", "--all", "--dry-run")
        refused = CliRunner().invoke(dead_letters, ["redrive", "--all"], input="n\n")
        assert "2 records would be sent again" in planned.stderr
        assert refused.exit_code == 1
        assert records(log, PLAN_ORDERS.name) == []

        agreed = CliRunner().invoke(dead_letters, ["redrive", "--all"], input="y\n")
        assert agreed.exit_code == 0
        assert len(records(log, PLAN_ORDERS.name)) == 2

    def test_of_a_hundred_and_fifty_reaches_them_all(self, log: KafkaSettings, run: Run) -> None:
        publish(log, *(a_letter(offset) for offset in range(150)))
        named = [f"plan-orders/0/{offset}" for offset in range(150)]

        some = run("redrive", "--all", "--limit", "120", "--dry-run")
        by_place = run("redrive", *named, "--limit", "120", "--dry-run")
        everything = run("redrive", "--reason", "unexpected", "--yes")

        rest = "120 of 150 records would be sent again to where they came from; run again or raise --limit."
        assert rest in some.stderr
        assert (by_place.exit_code, "150 records would" in by_place.stderr) == (0, True)
        assert (everything.exit_code, "150 records were" in everything.stderr) == (0, True)
        assert len(records(log, PLAN_ORDERS.name)) == 150

    @pytest.mark.parametrize("is_sent", [True, False])
    def test_what_a_crash_left_open_is_looked_up_on_the_log_first(
        self, log: KafkaSettings, run: Run, tmp_path: Path, is_sent: bool
    ) -> None:
        publish(log, a_letter(1))
        asyncio.run(with_outbox(tmp_path, lambda outbox: outbox.begin_redrive("plan-orders/0/1")))
        if is_sent:
            put(log, [(PLAN_ORDERS.name, b"site-1", b"{}", HEADERS)])

        assert run("redrive", "plan-orders/0/1").exit_code == 0

        assert len(records(log, PLAN_ORDERS.name)) == 1

    def test_two_people_at_once_send_it_once(
        self, log: KafkaSettings, outbox_made: None, tmp_path: Path
    ) -> None:
        publish(log, a_letter(1))

        async def both(outbox: Outbox) -> list[bool]:
            (letter,) = await letters(log)
            async with Resender(log, outbox) as one, Resender(log, outbox) as two:
                return [await one.send(letter), await two.send(letter)]

        assert asyncio.run(with_outbox(tmp_path, both)) == [True, False]
        assert len(records(log, PLAN_ORDERS.name)) == 1

    def test_what_was_too_large_for_a_dead_letter_is_taken_from_its_topic(
        self, log: KafkaSettings, run: Run
    ) -> None:
        put(log, [(PLAN_ORDERS.name, b"site-1", b"the original", HEADERS)])
        (original,) = records(log, PLAN_ORDERS.name)
        kept = a_letter(original.offset, value=None)
        source = Source(topic=PLAN_ORDERS.name, partition=original.partition, offset=original.offset)
        record = RawRecord(source=source, key=b"site-1", value=None, headers=HEADERS, at=AT)
        publish(log, DeadLetter(record=record, reason=kept.reason, error=kept.error, fingerprint="f"))

        assert run("redrive", "--all").exit_code == 0

        assert [one.value for one in records(log, PLAN_ORDERS.name)] == [b"the original"] * 2

    def test_without_any_choice_nothing_is_sent(self, run: Run) -> None:
        assert run("redrive").exit_code == 2


class TestAway:
    def test_without_a_broker_a_sentence_says_so(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")

        result = run("list")

        assert (result.exit_code, "Kafka does not answer" in result.stderr) == (1, True)


def test_letters_that_nobody_of_ours_wrote_are_left_out(log: KafkaSettings, run: Run) -> None:
    put(log, [(DEAD_LETTERS.name, b"site", b"x", [("source", b"somewhere")])])

    assert places(run("list", "--json")) == []
