"""The desks behind the agents: no record holds up another, and an outbox that is away is waited for."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from analytics.lifecycle import Source
from ingest.record import EventRecord
from ingest.settings import KafkaSettings
from ingest.topics import DEAD_LETTERS, PLAN_ORDERS
from streams import agents, due, notification
from streams.agents import FlowDesk, RowDesk
from streams.change import Wanted
from streams.dead_letter import RawRecord
from streams.effect import Decision
from streams.holding import Hold
from streams.meters import Meters
from streams.outbox import Outbox
from streams.outbox_away import OutboxAway
from streams.rows import RowPublisher
from streams.settings import OutboxSettings
from tests.streams.event_records import AT
from tests.streams.on_the_log import make_topics, purchases, records

pytestmark = pytest.mark.kafka


class FaultyOutbox(Outbox):
    """An outbox with a bug in it, or one whose database is away for a while."""

    stumbles_over = ""
    away_times = 0

    async def record_many(self, decisions: Sequence[Decision]) -> int:
        """Fails as it is told to."""
        if self.away_times:
            self.away_times -= 1
            raise OutboxAway("sqlite:///nowhere", "no answer", is_file=True)
        if any(effect.order_id == self.stumbles_over for one in decisions for effect in one.effects):
            raise KeyError(self.stumbles_over)
        return await super().record_many(decisions)


class Bug:
    """Purchases are decided as ever, but the first so many times the code fails."""

    def __init__(self, *, last: int) -> None:
        self.last = last
        self.calls = 0

    def __call__(self, record: EventRecord) -> Decision:
        """A decider."""
        self.calls += 1
        if self.calls <= self.last:
            raise ZeroDivisionError(record.event_id)
        return notification.decide(record)


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[FaultyOutbox]:
    outbox = FaultyOutbox(OutboxSettings(data_dir=tmp_path))
    await outbox.open()
    yield outbox
    await outbox.close()


@pytest.fixture
async def publisher(kafka: KafkaSettings) -> AsyncIterator[RowPublisher]:
    await asyncio.to_thread(make_topics, kafka)
    async with RowPublisher(kafka) as publisher:
        yield publisher


def raw(event: EventRecord, offset: int) -> RawRecord:
    """An event as it comes off the log."""
    source = Source(topic=event.topic, partition=0, offset=offset)
    return RawRecord(source=source, key=event.key, value=event.value, headers=event.headers, at=AT)


async def orders(outbox: Outbox) -> set[str]:
    """Orders that have an effect in the outbox."""
    return {one.held.effect.order_id for one in await outbox.listing(Wanted())}


class TestFlowDesk:
    async def test_a_record_we_fail_on_is_put_aside_and_the_others_are_written_down(
        self, kafka: KafkaSettings, outbox: FaultyOutbox, publisher: RowPublisher
    ) -> None:
        events = purchases(3)
        ids = [str(event.body["actionEvent"]["body"]["order"]["id"]) for event in events]
        outbox.stumbles_over = ids[1]

        await FlowDesk(outbox, publisher, Meters()).handle([raw(one, at) for at, one in enumerate(events)])

        assert await orders(outbox) == {ids[0], ids[2]}
        (letter,) = await asyncio.to_thread(records, kafka, DEAD_LETTERS.name)
        said = {name: value.decode() for name, value in letter.headers}
        assert (letter.value, said["source"]) == (events[1].value, "plan-orders/0/1")
        assert (said["reason"], len(said["fingerprint"])) == ("unexpected", 12)
        assert ids[1] not in said["error"]

    async def test_what_nobody_expected_is_tried_three_times_in_place(
        self,
        kafka: KafkaSettings,
        outbox: FaultyOutbox,
        publisher: RowPublisher,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A bug that shows now and then costs no record; one that stays costs this one alone."""
        monkeypatch.setattr(agents, "PAUSE_SECONDS", 0.01)
        bug = Bug(last=2)
        monkeypatch.setitem(due._DECIDERS, PLAN_ORDERS.name, bug)
        desks = FlowDesk(outbox, publisher, Meters()), RowDesk(publisher, Meters(), Hold(outbox))
        event = raw(purchases(1)[0], 0)

        for desk in desks:
            bug.calls = 0
            await desk.handle([event])
            assert bug.calls == 3
        assert len(await orders(outbox)) == 1
        assert await asyncio.to_thread(records, kafka, DEAD_LETTERS.name) == []

        bug.last = 3
        for desk in desks:
            bug.calls = 0
            await desk.handle([raw(purchases(1)[0], 1)])
            assert bug.calls >= 3
        (letter,) = await asyncio.to_thread(records, kafka, DEAD_LETTERS.name)
        said = {name: value.decode() for name, value in letter.headers}
        assert (said["reason"], said["source"]) == ("unexpected", "plan-orders/0/1")
        assert said["error"].startswith("ZeroDivisionError at ")

    async def test_an_outbox_that_is_away_is_waited_for(
        self,
        kafka: KafkaSettings,
        outbox: FaultyOutbox,
        publisher: RowPublisher,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(agents, "AWAY_SECONDS", 0.01)
        outbox.away_times = agents.TRIES + 2

        await FlowDesk(outbox, publisher, Meters()).handle([raw(purchases(1)[0], 0)])

        assert len(await orders(outbox)) == 1
        assert await asyncio.to_thread(records, kafka, DEAD_LETTERS.name) == []

    async def test_what_cant_be_read_is_left_to_the_rows_agent(
        self, kafka: KafkaSettings, outbox: FaultyOutbox, publisher: RowPublisher
    ) -> None:
        """Two agents read the record; it must not become two dead letters."""
        event = purchases(1)[0]
        source = Source(topic=event.topic, partition=0, offset=0)
        nonsense = RawRecord(source=source, key=b"site", value=b"nonsense", headers=[], at=AT)

        await FlowDesk(outbox, publisher, Meters()).handle([nonsense, raw(event, 1)])

        assert len(await orders(outbox)) == 1
        assert await asyncio.to_thread(records, kafka, DEAD_LETTERS.name) == []
