"""Re-derive in pieces: stopped and gone on with, nothing is left out and nothing needs to be done again."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ingest.admin import ensure_topics
from ingest.settings import KafkaSettings
from ingest.topics import PAYMENTS, PLAN_ORDERS
from streams.forgotten import Forgotten
from streams.replay import Rederived, Stretch, rederive, stretch_offsets
from streams.replay_journal import ReplayJournal, Stopped
from tests.streams.event_records import a_payment
from tests.streams.on_the_log import purchases, put_async
from tests.streams.processes import running
from tests.streams.town import Town
from tests.streams.wix_site import SandboxSite

pytestmark = pytest.mark.kafka


@pytest.fixture
def town(kafka: KafkaSettings, tmp_path: Path) -> Iterator[Town]:
    ensure_topics(kafka)
    town = Town(kafka, SandboxSite("http://127.0.0.1:9"), tmp_path)
    yield town
    town.ledger.close()


async def rederived(
    town: Town, *, stop_at_once: bool = False, forgotten: Forgotten | None = None
) -> Rederived:
    """Every plan order's rows again."""
    stop, stretch = asyncio.Event(), Stretch(topics=(PLAN_ORDERS.name,))
    if stop_at_once:
        stop.set()
    offsets = await stretch_offsets(town.kafka, stretch)
    journal = ReplayJournal.opened(town.folder / "replay", stretch, offsets.begins, offsets.ends)
    return await rederive(
        town.kafka,
        stretch,
        journal,
        forgotten=forgotten or Forgotten(),
        stop=stop,
        tell=lambda records: None,
    )


async def test_stopped_it_goes_on_with_the_partitions_that_are_left(town: Town) -> None:
    # Twenty sites lie on several partitions; each is one batch.
    await put_async(town.kafka, purchases(20))
    with pytest.raises(Stopped):
        await rederived(town, stop_at_once=True)
    before = len(await town.rows())

    result = await rederived(town)

    made = [row.row_id for row in await town.rows()]
    assert 0 < before < 40
    assert result.rows + before == len(made) == len(set(made)) == 40
    assert list((town.folder / "replay").iterdir()) == []


async def test_a_forgotten_site_gets_no_rows(town: Town) -> None:
    kept, gone = purchases(2)
    await put_async(town.kafka, [kept, gone])

    result = await rederived(town, forgotten=Forgotten(sites={gone.instance_id}))

    assert (result.rows, result.forgotten) == (2, 2)
    assert {row.instance_id for row in await town.rows()} == {kept.instance_id}


async def test_a_newer_mapping_stands_and_the_past_keeps_the_old_one(town: Town) -> None:
    """The newer build's rows lie beside the old; what was answered before them is answered again."""
    await put_async(town.kafka, [a_payment()])
    await town.absorb()
    before = datetime.now(UTC).isoformat()
    then = await _paid(town)

    with running(
        town.kafka,
        town.folder,
        "replay",
        "rederive",
        "--topic",
        PAYMENTS.name,
        module="tests.streams.newer_build",
    ) as newer:
        assert newer.exit_code() == 0, newer.log
    await town.absorb()

    from_events = [row for row in await town.rows() if row.what == "transaction_status_changed"]
    assert sorted(row.mapping_version for row in from_events) == [1, 2]
    assert len({row.row_id for row in from_events}) == 2
    assert then != "99.00"
    assert await _paid(town) == "99.00"
    assert await _paid(town, as_of=before) == then


async def _paid(town: Town, **params: str) -> str:
    return str(sum(Decimal(row["paid"]) for row in await town.report("revenue", **params)))
