"""Forgetting from end to end: a search finds nobody in ledger and outbox, the log says what it keeps."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analytics.lifecycle import masked
from ingest.record import EventRecord
from ingest.settings import KafkaSettings
from ingest.topics import EVENT_RETENTION
from streams import due
from streams.change import Wanted
from streams.effect import State, purchase_notice_key
from streams.forget import find_person, find_site, forget, has_obeyed
from streams.forgotten import who_is_forgotten
from streams.outbox import Outbox
from streams.remains import remains
from streams.rows import RowPublisher
from tests.streams.event_records import a_plan_order_event
from tests.streams.on_the_log import make_topics, put_async
from tests.streams.town import Town
from tests.streams.wix_site import SandboxSite

pytestmark = pytest.mark.kafka

SITE = "aaaaaaaa-0000-4000-8000-000000000001"
OTHER_SITE = "bbbbbbbb-0000-4000-8000-000000000002"
CONTACT = "cccccccc-1111-4111-8111-cccccccccccc"
MEMBER = "dddddddd-2222-4222-8222-dddddddddddd"
OTHERS = "eeeeeeee-3333-4333-8333-eeeeeeeeeeee"
ORDER, OTHER_ORDER = "order-of-the-person", "order-of-another"


def bought(order: str, *, site: str = SITE, contact: str = CONTACT, member: str = MEMBER) -> EventRecord:
    """A plan bought by somebody; it makes a notice due."""
    event = a_plan_order_event("purchased", id=order, buyer={"contactId": contact, "memberId": member})
    return replace(event, event_id=f"{order} bought", instance_id=site)


HISTORY = [
    bought(ORDER),
    bought(OTHER_ORDER, contact=OTHERS, member=OTHERS),
    bought("order-elsewhere", site=OTHER_SITE, contact=OTHERS, member=OTHERS),
]


@pytest.fixture
def town(kafka: KafkaSettings, tmp_path: Path) -> Iterator[Town]:
    make_topics(kafka)
    town = Town(kafka, SandboxSite("http://127.0.0.1:9"), tmp_path)
    yield town
    town.ledger.close()


async def some_history(town: Town, outbox: Outbox) -> None:
    """On the log, in the ledger, and in the outbox."""
    await put_async(town.kafka, HISTORY)
    await town.absorb()
    await outbox.record_many([due.decide(event) for event in HISTORY])


def in_ledger(town: Town, *ids: str) -> list[str]:
    """Which of the ids stand in any table."""
    with town.ledger.present() as connection:
        names = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        told = "".join(
            str(connection.execute(f'from {schema}."{name}"').fetchall()) for schema, name in names
        )
    return [one for one in ids if one in told]


def in_outbox(town: Town, *ids: str) -> list[str]:
    """Which of the ids stand in any table, or anywhere in the file once it is closed."""
    file = town.folder / "outbox.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        names = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
        told = "".join(str(connection.execute(f'select * from "{name}"').fetchall()) for (name,) in names)
    return [one for one in ids if one in told or one.encode() in file.read_bytes()]


class TestPerson:
    async def test_a_search_finds_the_ids_nowhere_and_the_totals_stay(self, town: Town) -> None:
        async with town.outbox() as outbox, town.owner as owner, RowPublisher(town.kafka) as publisher:
            await some_history(town, outbox)
            before = await town.report("order_status", kind="subscription")
            (person,) = await find_person(owner, CONTACT, None)
            assert (person.site, person.members, person.order_ids) == (SITE, (MEMBER,), (ORDER,))

            await forget(publisher, outbox, [person])
            await town.absorb()

            assert await has_obeyed(owner, [person], wait_seconds=0)
        assert in_ledger(town, CONTACT, MEMBER, OTHERS) == [OTHERS]
        assert in_ledger(town, masked(CONTACT), masked(MEMBER)) == [masked(CONTACT), masked(MEMBER)]
        assert in_outbox(town, CONTACT, MEMBER) == []
        assert await town.report("order_status", kind="subscription") == before

    async def test_what_was_not_sent_yet_is_not_sent(self, town: Town) -> None:
        async with town.outbox() as outbox, town.owner as owner, RowPublisher(town.kafka) as publisher:
            await some_history(town, outbox)

            await forget(publisher, outbox, await find_person(owner, CONTACT, None))

            theirs = await outbox.show(purchase_notice_key(SITE, ORDER))
            others = await outbox.show(purchase_notice_key(SITE, OTHER_ORDER))
        assert theirs is not None
        assert others is not None
        assert (theirs.held.state, theirs.reason) == (State.SUPPRESSED, "anonymized")
        assert others.held.state is State.DUE

    async def test_the_log_says_what_it_keeps_and_until_when(self, town: Town) -> None:
        async with town.outbox() as outbox:
            await some_history(town, outbox)

        left = {one.topic: one for one in await remains(town.kafka, {SITE}, {CONTACT, MEMBER})}

        # The order's row on the log of rows has no end; its due notice names no person.
        assert {name: one.records for name, one in left.items()} == {"plan-orders": 1, "order-lifecycle": 1}
        assert left["order-lifecycle"].until is None
        until = left["plan-orders"].until
        assert until is not None
        assert (until - datetime.now(UTC) - EVENT_RETENTION).total_seconds() < 60


class TestSite:
    async def test_a_search_finds_it_nowhere_and_other_sites_stay(self, town: Town) -> None:
        async with town.outbox() as outbox, town.owner as owner, RowPublisher(town.kafka) as publisher:
            await some_history(town, outbox)
            site = await find_site(owner, SITE)
            assert site.rows == len([row for row in await town.rows() if row.instance_id == SITE])
            theirs = await outbox.listing(Wanted(instance_id=SITE))

            (scrubbed,) = await forget(publisher, outbox, [site])
            await town.absorb()

            assert scrubbed.effects == len(theirs) > 0
            assert await has_obeyed(owner, [site], wait_seconds=0)
        assert in_ledger(town, SITE, OTHER_SITE) == [OTHER_SITE]
        assert in_outbox(town, SITE, OTHER_SITE) == [OTHER_SITE]

    async def test_its_events_make_nothing_due_any_more(self, town: Town) -> None:
        """Also when the worker reads the log from its beginning."""
        async with town.outbox() as outbox, town.owner as owner, RowPublisher(town.kafka) as publisher:
            await some_history(town, outbox)
            await forget(publisher, outbox, [await find_site(owner, SITE)])

            again = await outbox.record_many([due.decide(event) for event in HISTORY])

            assert again == 0
            assert await outbox.show(purchase_notice_key(SITE, ORDER)) is None

    async def test_a_re_derive_knows_of_it(self, town: Town) -> None:
        async with town.outbox() as outbox, town.owner as owner, RowPublisher(town.kafka) as publisher:
            await some_history(town, outbox)
            await forget(publisher, outbox, [await find_site(owner, SITE)])
            await forget(publisher, outbox, await find_person(owner, CONTACT, SITE))

            known = await who_is_forgotten(town.kafka)

        assert (known.sites, known.people) == ({SITE}, {CONTACT, MEMBER})
