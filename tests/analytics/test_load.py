"""Loading a spool in bulk gives what appending the same records gives: every table, every error."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from analytics.facts import Consent, EffectFacts
from analytics.ledger import AnotherLog, Ledger, LedgerRecord
from analytics.lifecycle import LifecycleRow
from analytics.loading import read_spool
from analytics.standing import TABLES, shares
from tests.analytics.history import (
    LIFECYCLE,
    TOPIC_ID,
    ask,
    at,
    calls,
    handover,
    outcome,
    pause,
    properties,
    reconciled,
    store_order,
)
from tests.analytics.one_of_everything import HISTORY
from tests.analytics.spools import load, records_of, spool_of
from tests.analytics.test_standing import RESTATED
from tests.empty_ledger import open_ledger
from tests.examples import examples

EVERYTHING = ("lifecycle", "sources", "offsets", "row_errors", *TABLES)


def _quick() -> LifecycleRow:
    """An outcome with numbers that are written with an exponent, and with a consent."""
    row = outcome("k9", "o1", 3, "done", at(3), event_at=at(2))
    assert isinstance(row.facts, EffectFacts)
    consent = Consent(subscription_status="SUBSCRIBED", deliverability_status="VALID", asked_at=at(3))
    return replace(row, facts=replace(row.facts, waiting_seconds=5e-6, calls_seconds=1e17, consent=consent))


ROWS = [
    *HISTORY,
    *RESTATED,
    *HISTORY[:8],
    _quick(),
    calls(at(4), 17),
    pause("payment_notice", "paused", at(5)),
    properties(at(6), name='Café "North"\n\tand\u2028more'),
    reconciled(at(7), at(1)),
    handover("w1", "h1", at(8)),
]


def altered(change: dict[str, Any], facts: dict[str, Any] | None = None) -> bytes:
    """A row as another program might write it; a value of None takes the field away."""
    order = f"o8 with {change} and {facts}"
    row = json.loads(store_order(order, "approved", at(2), paid="PAID").to_bytes())
    for fields, changes in ((row, change), (row["facts"], facts or {})):
        for name, value in changes.items():
            fields.update({name: value})
            if value is None:
                del fields[name]
    return json.dumps(row).encode()


ODDITIES = [
    b"",
    b"not json",
    b"[1]",
    b'{"v":1',
    b"{}",
    b'{"v":1}},"row":{"v":1}',
    b'{"a\nb":1}',
    b'{"a":"\xff\xfe"}',
    HISTORY[1].to_bytes()[:-9] + b"}}",
    altered({"v": 99}),
    altered({"event_id": None}),
    altered({"row_id": "no uuid"}),
    altered({"sequence": 2**70}),
    altered({"happened_at": "yesterday"}),
    altered({"happened_at": "2026-03-04T00:00:00+02:00"}),
    altered({}, {"kind": "of tomorrow"}),
    altered({}, {"state": None}),
    altered({}, {"total": "much"}),
    altered({}, {"created_at": "2026-13-45T00:00:00Z"}),
    altered({}, {"lines": [{"id": "1"}]}),
    altered({}, {"a field of tomorrow": 1}),
    altered({"entity_id": 5}),
    altered({"what": True}),
    altered({"event_id": {"id": 5}}),
    altered({"received_at": 1767225600}),
    altered({}, {"status": 5}),
    altered({}, {"number": 10001}),
    altered({}, {"total": 12.5}),
    altered({}, {"is_plan_order": "true"}),
    altered({}, {"lines": [{"id": 1, "quantity": 1}]}),
    altered({}, {"lines": [{"id": "1", "quantity": "2"}]}),
    altered({}, {"lines": [{"id": "1", "quantity": 2.0}]}),
    altered({"mapping_version": None}),
    altered({"source": {"topic": "store-orders", "partition": 2**40, "offset": 1}}),
    altered({"source": {"topic": "store-orders", "partition": 0, "offset": 1.5}}),
    altered({"source": {"topic": "store-orders", "partition": 0, "offset": "2"}}),
    altered({"v": 1.4}),
    altered({"mapping_version": 1.4}),
    altered({"sequence": 7.5}),
    altered({"sequence": 7.0}),
    altered({"sequence": -7}),
    altered({"happened_at": "infinity"}),
    altered({"received_at": "-infinity"}),
    altered({"happened_at": "epoch"}),
    altered({}, {"created_at": "infinity"}),
    altered({}, {"created_at": " Infinity"}),
    altered({}, {"created_at": "epoch"}),
    altered({"happened_at": "2026-03-04T05:06:07"}),
    altered({"happened_at": "2026-03-04"}),
    altered({"happened_at": "20260304"}),
    altered({}, {"created_at": "2026-03-04T05:06:07 Europe/Berlin"}),
    altered({}, {"created_at": ""}),
]


def log_of(seed: int) -> tuple[list[LedgerRecord], list[int]]:
    """Records as they might lie on a log, and where to cut them into spools."""
    chance = random.Random(seed)
    values = [*(row.to_bytes() for row in ROWS), *chance.choices(ODDITIES, k=chance.randrange(8))]
    chance.shuffle(values)
    records = [
        LedgerRecord(offset=2 * index, known_at=at(1, chance.randrange(1000) / 7), value=value)
        for index, value in enumerate(values)
    ]
    known = [replace(record, known_at=record.known_at.replace(microsecond=0)) for record in records]
    return known, sorted(chance.choices(range(len(known)), k=chance.randrange(4)))


def spools_of(records: Sequence[LedgerRecord], cuts: Sequence[int] = ()) -> list[pa.Table]:
    """The records cut into spools; in turn all and every other one of our rows came from our own writer."""
    ours = [row.to_bytes() for row in ROWS]
    return [
        spool_of(records[begin:end], ours[:: 1 + index % 2])
        for index, (begin, end) in enumerate(zip([0, *cuts], [*cuts, len(records)], strict=True))
    ]


def doubted(ledger: Ledger, spool: pa.Table) -> list[bytes]:
    """The values that are read one by one."""
    found = read_spool(ledger._connection, spool, partition=0, topic_id=TOPIC_ID)
    assert found.is_readable
    return [record.value for batch in found.doubted for record in batch]


def mebibytes(ledger: Ledger) -> float:
    """What DuckDB may take."""
    with ledger.present() as connection:
        ((memory,),) = connection.execute("select current_setting('memory_limit')").fetchall()
    return float(memory.removesuffix(" MiB"))


def contents(ledger: Ledger) -> dict[str, list[str]]:
    """Every table, its rows in no order."""
    with ledger.present() as connection:
        return {
            table: sorted(map(repr, connection.execute(f"select * from main.{table}").fetchall()))
            for table in EVERYTHING
        }


class TestLoad:
    @settings(max_examples=examples(4), deadline=None, phases=[Phase.generate])
    @given(seed=st.integers())
    def test_gives_what_append_gives(self, seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
        """Any order, any spools, records twice, records that are no rows, rows of every kind."""
        (records, cuts), folder = log_of(seed), tmp_path_factory.mktemp("loaded")
        appended, loaded = open_ledger(folder / "appended.duckdb"), open_ledger(folder / "loaded.duckdb")
        try:
            appended.append(records, topic=LIFECYCLE, partition=0, topic_id=TOPIC_ID)

            assert load(loaded, *spools_of(records, cuts)) == len(records)
            assert contents(loaded) == contents(appended)
            assert loaded.differences() == {}
        finally:
            appended.close()
            loaded.close()

    def test_sets_aside_what_append_sets_aside(self, tmp_path: Path, ledger: Ledger) -> None:
        """Each in a spool of its own: one number that fits no column lets all of it be read one by one."""
        values = [value for oddity in ODDITIES for value in (HISTORY[1].to_bytes(), oddity)]
        records = [
            LedgerRecord(offset=index, known_at=at(1), value=value) for index, value in enumerate(values)
        ]
        appended = open_ledger(tmp_path / "appended.duckdb")
        try:
            appended.append(records, topic=LIFECYCLE, partition=0, topic_id=TOPIC_ID)
            load(ledger, *spools_of(records, range(2, len(records), 2)))

            assert contents(ledger) == contents(appended)
        finally:
            appended.close()

    @pytest.mark.parametrize("is_marked", [True, False], ids=["marked", "unmarked"])
    def test_reads_none_of_our_own_rows_one_by_one(self, is_marked: bool, ledger: Ledger) -> None:
        """But for requests to forget, and numbers that our rows write with an exponent."""
        records = records_of([row for row in HISTORY if row.kind != "forgotten"])
        ours = [record.value for record in records] if is_marked else []

        assert doubted(ledger, spool_of(records, ours)) == []

    def test_takes_a_row_of_our_writer_for_one_without_a_look(self, ledger: Ledger) -> None:
        strange = altered({}, {"a field of tomorrow": 1})
        spool = [LedgerRecord(offset=0, known_at=at(1), value=strange)]

        assert doubted(ledger, spool_of(spool, ours=[strange])) == []
        assert doubted(ledger, spool_of(spool)) == [strange]

    @pytest.mark.parametrize("is_marked", [True, False], ids=["marked", "unmarked"])
    @pytest.mark.parametrize("value", [b"", b"not json", b'{"v":1', b'{"a":"\xff\xfe"}'])
    def test_reads_but_the_one_that_is_no_json_by_itself(
        self, value: bytes, is_marked: bool, ledger: Ledger
    ) -> None:
        """What lies beside it is read in bulk all the same, whoever is said to have written it."""
        plain = records_of([row for row in HISTORY if row.kind != "forgotten"])
        spool = [*plain, LedgerRecord(offset=len(plain), known_at=at(1), value=value)]
        ours = [record.value for record in spool] if is_marked else []

        assert doubted(ledger, spool_of(spool, ours)) == [value]

    def test_skips_what_the_ledger_has(self, ledger: Ledger) -> None:
        records = records_of(HISTORY)
        ledger.append(records[:9], topic=LIFECYCLE, partition=0, topic_id=TOPIC_ID)
        spools = spools_of(records, [5, 12])

        assert load(ledger, *spools) == len(records) - 9
        assert load(ledger, *spools) == 0
        assert ledger.next_offset(LIFECYCLE, 0, TOPIC_ID) == len(records)

    def test_goes_on_with_append(self, ledger: Ledger) -> None:
        records = records_of(ROWS)
        load(ledger, spool_of(records[:20]))

        ledger.append(records[20:], topic=LIFECYCLE, partition=0, topic_id=TOPIC_ID)

        assert ledger.differences() == {}

    def test_makes_tables_of_many_shares_as_of_one(
        self, tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """More rows than fit the memory are taken a share of the entities at a time."""
        records = records_of(ROWS)
        appended = open_ledger(tmp_path / "appended.duckdb")
        try:
            appended.append(records, topic=LIFECYCLE, partition=0, topic_id=TOPIC_ID)
            monkeypatch.setattr("analytics.standing.ROWS_PER_MIB", len(ROWS) / 3 / mebibytes(ledger))
            load(ledger, spool_of(records))

            assert len(list(shares(ledger._connection, "main"))) > 1
            assert contents(ledger) == contents(appended)
            assert ledger.differences() == {}
        finally:
            appended.close()

    def test_refuses_the_spool_of_another_log(self, ledger: Ledger) -> None:
        record = LedgerRecord(offset=0, known_at=at(1), value=HISTORY[1].to_bytes())
        spool = spool_of([record])
        load(ledger, spool)

        with pytest.raises(AnotherLog):
            load(ledger, spool, topic_id="another")

    def test_that_was_broken_off_is_finished_at_the_next_open(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger.duckdb"
        first = open_ledger(path)
        record = LedgerRecord(offset=0, known_at=at(1), value=HISTORY[1].to_bytes())
        first.load(spool_of([record]), topic=LIFECYCLE, partition=0, topic_id=TOPIC_ID)
        assert first.differences() != {}
        first.close()

        again = Ledger.open(path)

        try:
            assert again.differences() == {}
            assert len(ask(again, "orders")) == 1
        finally:
            again.close()
