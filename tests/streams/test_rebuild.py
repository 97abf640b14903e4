"""Rebuild: the log gives the ledger again, in bulk, with pauses; the one in use can be compared."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.compute as pc
import pytest
from aiokafka.record.default_records import DefaultRecordBatch

from analytics.ledger import Ledger, spooled
from ingest.settings import KafkaSettings
from ingest.topics import ORDER_LIFECYCLE
from streams.comparing import Verdict, check, told
from streams.raw_log import read_raw, records_between
from streams.rebuild import begun, discard, fill, log_id, rows_end
from streams.replay_journal import Stopped
from streams.settings import ReportsSettings
from tests.streams.on_the_log import make_topics, purchases, put_async
from tests.streams.town import Town
from tests.streams.wix_site import SandboxSite

pytestmark = pytest.mark.kafka


@pytest.fixture
def town(kafka: KafkaSettings, tmp_path: Path) -> Iterator[Town]:
    """A log and a ledger; Wix has no part in this."""
    make_topics(kafka)
    town = Town(kafka, SandboxSite("http://127.0.0.1:9"), tmp_path)
    yield town
    town.ledger.close()


async def filled(town: Town, *, rows_of_a_spool: int = 40, stop_after: int | None = None) -> tuple[int, int]:
    """Where a second ledger went on, and how many rows were loaded into it then."""
    stop, loaded = asyncio.Event(), []
    topic_id = await log_id(town.kafka)
    ledger, offset = await begun(second(town), topic_id)

    def tell(rows: int) -> None:
        loaded.append(rows)
        if stop_after is not None and sum(loaded) >= stop_after:
            stop.set()

    end = await rows_end(town.kafka)
    work = partial(fill, upto=end, stop=stop, tell=tell, rows_of_a_spool=rows_of_a_spool)
    try:
        await work(ledger, town.kafka, topic_id)
    finally:
        ledger.close()
    return offset, sum(loaded)


def second(town: Town) -> Path:
    return town.folder / "second.duckdb"


async def compared(town: Town) -> Verdict:
    """The ledger in use, which nobody has open, against one made from the log."""
    town.ledger.close()
    return await check(
        town.kafka,
        town.ledger.path,
        ReportsSettings(_env_file=None),
        stop=asyncio.Event(),
        tell=lambda rows: None,
        expect=lambda rows: None,
    )


async def some_history(town: Town, orders: int = 60) -> None:
    """Two rows for each order, written by the live way, with one record that is no row."""
    await put_async(town.kafka, purchases(orders))
    await put_async(town.kafka, [(ORDER_LIFECYCLE.name, b"site-1", b"no row", [])])
    await town.absorb()


class TestFilling:
    async def test_what_is_loaded_in_bulk_is_what_was_appended(self, town: Town) -> None:
        await some_history(town)

        assert await filled(town) == (0, 121)

        made = Ledger.open(second(town))
        try:
            assert contents(made) == contents(town.ledger)
            assert made.differences() == {}
        finally:
            made.close()

    async def test_rows_come_packed_say_who_wrote_them_and_need_no_look(self, town: Town) -> None:
        """All but the record that is no row, which somebody else wrote."""
        await some_history(town, 3)
        end = await rows_end(town.kafka)

        batches = [
            one async for some in read_raw(town.kafka, (ORDER_LIFECYCLE.name, 0), 0, end) for one in some
        ]
        spool = spooled(list(records_between(batches, 0, end)))

        assert {batch.compression_type for batch in batches} == {
            DefaultRecordBatch.CODEC_ZSTD,
            DefaultRecordBatch.CODEC_NONE,
        }
        assert spool["is_ours"].to_pylist().count(False) == 1
        assert spool.filter(pc.invert(spool["is_ours"]))["value"].to_pylist() == [b"no row"]

    async def test_stopped_it_goes_on_behind_the_last_spool(self, town: Town) -> None:
        await some_history(town)
        with pytest.raises(Stopped):
            await filled(town, stop_after=1)

        offset, loaded = await filled(town)

        assert 0 < offset < 121
        assert offset + loaded == 121
        made = Ledger.open(second(town))
        try:
            assert contents(made) == contents(town.ledger)
        finally:
            made.close()

    async def test_what_another_log_left_behind_is_not_gone_on_with(self, town: Town) -> None:
        await some_history(town, 5)
        await filled(town)

        ledger, offset = await begun(second(town), "another log")

        ledger.close()
        assert offset == 0
        discard(second(town))
        assert not list(town.folder.glob("second*"))


class TestCheck:
    async def test_a_ledger_that_is_what_the_log_gives_is_said_to_be(self, town: Town) -> None:
        await some_history(town)

        verdict = await compared(town)

        assert verdict.differences == ()
        assert verdict.offset == 121
        assert "is what the log gives" in told(verdict)
        assert not list(town.folder.glob("*.check*"))

    async def test_the_rows_that_differ_are_shown(self, town: Town) -> None:
        await some_history(town)
        town.ledger.close()
        with duckdb.connect(str(town.ledger.path)) as tampered:
            tampered.execute("update lifecycle set status = 'TAMPERED' where rowid = 7")
            tampered.execute("insert into seen_again by name select * from sources limit 1")

        verdict = await compared(town)

        found = {one.table: one for one in verdict.differences}
        assert set(found) == {"lifecycle", "sources"}
        (row,) = found["lifecycle"].only_in_use
        assert "TAMPERED" in row
        assert (found["sources"].rows_in_use, found["sources"].rows_rebuilt) == (121, 120)
        assert "TAMPERED" in told(verdict)


def contents(ledger: Ledger) -> dict[str, list[Any]]:
    """Every row of the log of rows and of what stands, in any order."""
    with ledger.present() as connection:
        return {
            table: sorted(map(str, connection.execute(f"select * from main.{table}").fetchall()))
            for table in (
                "lifecycle",
                "sources",
                "row_errors",
                "offsets",
                "subscriptions",
                "effects",
                "covered",
            )
        }
