"""Loading a spool in bulk gives what appending the same records gives: every table, every error."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from analytics.facts import Consent, EffectFacts
from analytics.ledger import AnotherLog, Ledger, LedgerRecord, spool_line, spool_lines
from analytics.lifecycle import LifecycleRow
from analytics.loading import read_spool, spool_files
from analytics.standing import TABLES
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
]


def log_of(seed: int) -> tuple[list[LedgerRecord], list[int]]:
    """Records as they might lie on a log, and where to cut them into files."""
    chance = random.Random(seed)
    values = [*(row.to_bytes() for row in ROWS), *chance.choices(ODDITIES, k=chance.randrange(8))]
    chance.shuffle(values)
    records = [
        LedgerRecord(offset=2 * index, known_at=at(1, chance.randrange(1000) / 7), value=value)
        for index, value in enumerate(values)
    ]
    known = [replace(record, known_at=record.known_at.replace(microsecond=0)) for record in records]
    return known, sorted(chance.choices(range(len(known)), k=chance.randrange(4)))


def spooled(ledger: Ledger, records: Sequence[LedgerRecord], cuts: Sequence[int] = ()) -> Path:
    """The records as a folder of spool files beside the ledger."""
    ledger.spool_folder.mkdir(exist_ok=True)
    for begin, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
        lines = [
            spool_line(record.offset, round(record.known_at.timestamp() * 1000), record.value)
            for record in records[begin:end]
        ]
        (ledger.spool_folder / f"{begin:06}-{end:06}.ndjson").write_bytes(b"".join(lines))
    return ledger.spool_folder


def contents(ledger: Ledger) -> dict[str, list[str]]:
    """Every table, its rows in no order."""
    with ledger.present() as connection:
        return {
            table: sorted(map(repr, connection.execute(f"select * from main.{table}").fetchall()))
            for table in EVERYTHING
        }


def load(ledger: Ledger, spool: Path, topic_id: str = TOPIC_ID) -> int:
    return ledger.load(spool, topic=LIFECYCLE, partition=0, topic_id=topic_id)


class TestLoad:
    @settings(max_examples=examples(4), deadline=None, phases=[Phase.generate])
    @given(seed=st.integers())
    def test_gives_what_append_gives(self, seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
        """Any order, any files, records twice, records that are no rows, rows of every kind."""
        (records, cuts), folder = log_of(seed), tmp_path_factory.mktemp("loaded")
        appended, loaded = open_ledger(folder / "appended.duckdb"), open_ledger(folder / "loaded.duckdb")
        try:
            appended.append(records, topic=LIFECYCLE, partition=0, topic_id=TOPIC_ID)

            assert load(loaded, spooled(loaded, records, cuts)) == len(records)
            assert contents(loaded) == contents(appended)
            assert loaded.differences() == {}
        finally:
            appended.close()
            loaded.close()

    def test_sets_aside_what_append_sets_aside(self, tmp_path: Path, ledger: Ledger) -> None:
        """Each in a file of its own: one that is no JSON lets the whole file be read line by line."""
        values = [value for oddity in ODDITIES for value in (HISTORY[1].to_bytes(), oddity)]
        records = [
            LedgerRecord(offset=index, known_at=at(1), value=value) for index, value in enumerate(values)
        ]
        appended = open_ledger(tmp_path / "appended.duckdb")
        try:
            appended.append(records, topic=LIFECYCLE, partition=0, topic_id=TOPIC_ID)
            load(ledger, spooled(ledger, records, range(2, len(records), 2)))

            assert contents(ledger) == contents(appended)
        finally:
            appended.close()

    def test_reads_none_of_our_own_rows_one_by_one(self, ledger: Ledger) -> None:
        """But for requests to forget, and numbers that our rows write with an exponent."""
        plain = [row for row in HISTORY if row.kind != "forgotten"]
        records = [
            LedgerRecord(offset=index, known_at=at(1), value=row.to_bytes())
            for index, row in enumerate(plain)
        ]
        spooled(ledger, records)
        (file,) = spool_files(ledger.spool_folder)

        found = read_spool(ledger._connection, file, next_offset=0, partition=0, topic_id=TOPIC_ID)

        assert (found.lines, found.doubted) == (len(plain), ())

    def test_skips_what_the_ledger_has(self, ledger: Ledger) -> None:
        records = [
            LedgerRecord(offset=index, known_at=at(1), value=row.to_bytes())
            for index, row in enumerate(HISTORY)
        ]
        ledger.append(records[:9], topic=LIFECYCLE, partition=0, topic_id=TOPIC_ID)
        spool = spooled(ledger, records, [5, 12])

        assert load(ledger, spool) == len(records) - 9
        assert load(ledger, spool) == 0
        assert ledger.next_offset(LIFECYCLE, 0, TOPIC_ID) == len(records)

    def test_goes_on_with_append(self, ledger: Ledger) -> None:
        records = [
            LedgerRecord(offset=index, known_at=at(1), value=row.to_bytes()) for index, row in enumerate(ROWS)
        ]
        load(ledger, spooled(ledger, records[:20]))

        ledger.append(records[20:], topic=LIFECYCLE, partition=0, topic_id=TOPIC_ID)

        assert ledger.differences() == {}

    def test_makes_tables_of_many_shares_as_of_one(
        self, tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """More rows than fit the memory are taken a share of the entities at a time."""
        records = [
            LedgerRecord(offset=index, known_at=at(1), value=row.to_bytes()) for index, row in enumerate(ROWS)
        ]
        appended = open_ledger(tmp_path / "appended.duckdb")
        try:
            appended.append(records, topic=LIFECYCLE, partition=0, topic_id=TOPIC_ID)
            monkeypatch.setattr("analytics.standing.ROWS_OF_A_SHARE", len(ROWS) // 3)
            load(ledger, spooled(ledger, records))

            assert contents(ledger) == contents(appended)
            assert ledger.differences() == {}
        finally:
            appended.close()

    def test_refuses_the_spool_of_another_log(self, ledger: Ledger) -> None:
        record = LedgerRecord(offset=0, known_at=at(1), value=HISTORY[1].to_bytes())
        spool = spooled(ledger, [record])
        load(ledger, spool)

        with pytest.raises(AnotherLog):
            load(ledger, spool, topic_id="another")

    def test_that_was_broken_off_is_finished_at_the_next_open(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger.duckdb"
        first = open_ledger(path)
        record = LedgerRecord(offset=0, known_at=at(1), value=HISTORY[1].to_bytes())
        first.load(
            spooled(first, [record]), topic=LIFECYCLE, partition=0, topic_id=TOPIC_ID, more_follows=True
        )
        assert first.differences() != {}
        first.close()

        again = Ledger.open(path)

        try:
            assert again.differences() == {}
            assert len(ask(again, "orders")) == 1
        finally:
            again.close()


class TestSpoolLines:
    @pytest.mark.parametrize("value", [*ODDITIES, None, HISTORY[1].to_bytes(), b'{"a":\r1}', b"{", b"}"])
    def test_each_is_what_one_alone_would_be(self, value: bytes | None) -> None:
        record = SimpleNamespace(offset=7, timestamp=1_767_225_600_000, value=value)

        assert spool_lines([record]) == [spool_line(7, 1_767_225_600_000, value)]
