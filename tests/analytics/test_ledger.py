"""The ledger as the one writer: offsets, merging, what is no row, who holds the file, kill -9."""

import gc
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from analytics.ledger import AnotherLog, Ledger, LedgerLocked, LedgerRecord, PartitionSample
from analytics.schema import SchemaMismatch
from analytics.statements import in_order
from tests.analytics.history import (
    LIFECYCLE,
    NOW,
    TOPIC_ID,
    ask,
    at,
    calls,
    only,
    shipments,
    store_order,
    tell,
)
from tests.analytics.one_of_everything import HISTORY
from tests.analytics.test_load import contents
from tests.empty_ledger import open_ledger


def records(*rows: bytes, first: int = 0) -> list[LedgerRecord]:
    return [
        LedgerRecord(offset=first + index, known_at=at(0), value=value) for index, value in enumerate(rows)
    ]


def append(ledger: Ledger, batch: list[LedgerRecord]) -> int:
    return ledger.append(batch, topic=LIFECYCLE, partition=0, topic_id=TOPIC_ID)


def count(ledger: Ledger, what: str) -> int:
    with ledger.present() as connection:
        (found,) = connection.execute(f"select count(*) from {what}").fetchone() or (0,)
    return int(found)


class TestAppend:
    def test_begins_at_the_first_offset_and_goes_on_behind_the_last(self, ledger: Ledger) -> None:
        assert ledger.next_offset(LIFECYCLE, 0, TOPIC_ID) == 0

        assert append(ledger, records(store_order("o1", "created", at(0)).to_bytes(), first=40)) == 1

        assert ledger.next_offset(LIFECYCLE, 0, TOPIC_ID) == 41
        assert ledger.next_offset(LIFECYCLE, 1, TOPIC_ID) == 0

    def test_records_already_held_are_skipped(self, ledger: Ledger) -> None:
        batch = records(*(store_order(f"o{index}", "created", at(0)).to_bytes() for index in range(3)))
        assert append(ledger, batch[:2]) == 2

        assert append(ledger, batch) == 1
        assert append(ledger, batch) == 0

        assert (count(ledger, "lifecycle"), count(ledger, "sources")) == (3, 3)

    def test_the_same_row_again_is_one_row_with_two_sources(self, ledger: Ledger) -> None:
        row = store_order("o1", "created", at(0)).to_bytes()

        append(ledger, records(row, row))
        append(ledger, records(row, first=2))

        assert (count(ledger, "lifecycle"), count(ledger, "sources")) == (1, 3)

    def test_counts_of_requests_told_again_are_not_counted_twice(self, ledger: Ledger) -> None:
        """A site has one such row a minute, so they are looked up by themselves."""
        tell(ledger, [calls(at(0), 7), store_order("o1", "created", at(0))])
        tell(ledger, [calls(at(0), 7), calls(at(1), 5)])

        assert sum(row["calls"] for row in ask(ledger, "quota", grain="hour")) == 12
        assert count(ledger, "lifecycle") == 3

    def test_every_row_carries_the_number_of_its_entity(self, ledger: Ledger) -> None:
        """Shipments are told of under the order they belong to, and are read together with it."""
        tell(ledger, [store_order("o1", "approved", at(0)), store_order("o2", "approved", at(0))])
        tell(ledger, [shipments("o1", at(1))])

        with ledger.present() as connection:
            found = connection.execute(
                "select entity_id, entity_number = entity_number_of('store_order', instance_id, entity_id), "
                "count(distinct entity_number) from lifecycle group by all order by all"
            ).fetchall()
        assert found == [("o1", True, 1), ("o2", True, 1)]

    def test_known_is_the_earliest_time_the_row_was_on_the_log(self, ledger: Ledger) -> None:
        row = store_order("o1", "created", at(0))

        for known_at in (at(5), at(3), at(4)):
            tell(ledger, [row], known_at=known_at)

        (shown,) = ask(ledger, "order_timeline", order_id="o1")
        assert shown["known_at"] == "2026-03-05T00:00:00Z"

    @pytest.mark.parametrize(
        "value",
        [
            b"",
            b"\xff\xfe not utf-8",
            b"{}",
            b'{"v": 2}',
            b"[" * 100_000,
            store_order("o1", "created", at(0), sequence=2**70).to_bytes(),  # larger than any column
        ],
        ids=["empty", "bytes", "no fields", "another format", "bomb", "huge number"],
    )
    def test_what_is_no_row_is_kept_aside_and_the_next_one_is_read(
        self, ledger: Ledger, value: bytes
    ) -> None:
        append(ledger, records(value, store_order("o2", "created", at(0)).to_bytes()))

        assert only(ask(ledger, "orders"))["order_id"] == "o2"
        assert count(ledger, "row_errors") == 1
        assert ledger.next_offset(LIFECYCLE, 0, TOPIC_ID) == 2

    @pytest.mark.parametrize("is_collecting", [True, False])
    def test_leaves_pythons_collector_as_it_was(self, ledger: Ledger, is_collecting: bool) -> None:
        (gc.enable if is_collecting else gc.disable)()
        try:
            told = records(HISTORY[0].to_bytes(), b"no row")
            ledger.append(told, topic=LIFECYCLE, partition=0, topic_id=TOPIC_ID)

            assert gc.isenabled() == is_collecting
        finally:
            gc.enable()

    def test_odd_text_is_kept_as_it_came(self, ledger: Ledger) -> None:
        odd = "Łódź 🧾 '; drop table lifecycle; -- \\ \" \u0000"
        append(ledger, records(store_order("o1", "approved", at(0), number=odd, contact=odd).to_bytes()))

        row = only(ask(ledger, "orders", search=odd))

        assert (row["number"], row["customer"]) == (odd, odd)

    def test_another_log_under_the_ledger_is_refused(self, ledger: Ledger) -> None:
        append(ledger, records(store_order("o1", "created", at(0)).to_bytes()))

        with pytest.raises(
            AnotherLog, match=f"filled from topic {LIFECYCLE} with id {TOPIC_ID}.*another log"
        ):
            ledger.next_offset(LIFECYCLE, 0, "made-anew")
        with pytest.raises(AnotherLog):
            ledger.append(records(b"{}", first=9), topic=LIFECYCLE, partition=0, topic_id="made-anew")

    def test_samples_older_than_a_week_are_dropped(self, ledger: Ledger) -> None:
        sample = PartitionSample(topic="payments", partition=0, committed=1, end=2)

        ledger.record_samples(NOW, [sample])
        ledger.record_samples(NOW + timedelta(days=8), [sample])

        assert count(ledger, "samples") == 1


def _copied(old: duckdb.DuckDBPyConnection, new: Ledger) -> None:
    """The log of rows and its offsets, in the columns that the old tables have."""
    for table in ("lifecycle", "sources", "offsets"):
        columns = [name for name, *_ in old.execute(f"describe main.{table}").fetchall()]
        with new.present() as connection:
            rows = connection.execute(
                f"select {', '.join(map(quoted, columns))} from main.{table}"
            ).fetchall()
        old.executemany(f"insert into main.{table} values ({', '.join('?' * len(columns))})", rows)


def quoted(name: str) -> str:
    return f'"{name}"'


class TestOpen:
    def test_keeps_what_was_told_and_applies_each_migration_once(self, tmp_path: Path) -> None:
        path = tmp_path / "deep" / "ledger.duckdb"
        first = Ledger.open(path)
        tell(first, [store_order("o1", "approved", at(0))])
        first.close()

        again = Ledger.open(path)

        try:
            assert only(ask(again, "orders"))["order_id"] == "o1"
            assert again.next_offset(LIFECYCLE, 0, TOPIC_ID) == 1
            assert count(again, "schema_migrations") == len(in_order("migrations"))
        finally:
            again.close()

    def test_a_new_one_is_whole_though_nothing_was_worked_out(self, tmp_path: Path) -> None:
        first = Ledger.open(tmp_path / "ledger.duckdb")
        assert first.differences() == {}
        first._connection.execute("delete from derived")
        tell(first, [store_order("o1", "approved", at(0))])
        first.close()

        of_another_build = Ledger.open(tmp_path / "ledger.duckdb")

        try:
            assert of_another_build.differences() == {}
        finally:
            of_another_build.close()

    def test_an_old_ledger_becomes_what_a_new_one_is(self, tmp_path: Path) -> None:
        """Made as the first builds made it: without columns for what the facts say."""
        path = tmp_path / "ledger.duckdb"
        new = Ledger.open(tmp_path / "new.duckdb")
        Ledger.open(path).close()
        with duckdb.connect(str(path)) as connection:
            connection.execute("drop view main.sources")
            for table in (
                "lifecycle",
                "seen_again",
                "offsets",
                "row_errors",
                "samples",
                "derived",
                "forgotten",
            ):
                connection.execute(f"drop table main.{table}")
            old = dict(in_order("migrations")[:3])
            connection.execute("delete from schema_migrations")
            for name, sql in old.items():
                digest = sha256(sql.encode()).hexdigest()
                connection.execute(sql)
                connection.execute("insert into schema_migrations values (?, ?, now())", [name, digest])
            tell(new, HISTORY)
            _copied(connection, new)

        again = Ledger.open(path)

        try:
            assert contents(again) == contents(new)
            assert again.differences() == {}
        finally:
            again.close()
            new.close()

    def test_a_table_of_some_ten_thousand_rows_is_work_for_two(self, ledger: Ledger) -> None:
        ledger._connection.execute("create table many as select range as n from range(61_440)")

        groups = ledger._connection.execute(
            "select count(distinct row_group_id) from pragma_storage_info('many')"
        )

        assert groups.fetchall() == [(2,)]

    def test_a_ledger_of_a_newer_build_is_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger.duckdb"
        ledger = Ledger.open(path)
        ledger._connection.execute("insert into schema_migrations values ('999_future', 'abc', now())")
        ledger.close()

        with pytest.raises(SchemaMismatch, match="999_future, unknown to this build"):
            Ledger.open(path)

    def test_readers_can_neither_write_nor_reach_files(self, ledger: Ledger) -> None:
        for attempt in (
            "delete from lifecycle",
            "select * from read_csv('/etc/passwd')",
            "set memory_limit = '9GB'",
        ):
            with (
                pytest.raises(Exception, match=r"(?i)read-only|disabled|lock|not allowed"),
                ledger.present() as connection,
            ):
                connection.execute(attempt).fetchall()


HOLD = """
import sys, time
from pathlib import Path
from analytics.ledger import Ledger
ledger = Ledger.open(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.readline()
ledger.close()
"""


class TestLock:
    def test_names_who_holds_the_file_and_waits_when_asked(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger.duckdb"
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with holder:
            assert holder.stdout is not None
            assert holder.stdin is not None
            holder.stdout.readline()

            with pytest.raises(LedgerLocked, match=f"process {holder.pid}"):
                Ledger.open(path)

            holder.stdin.write("\n")
            holder.stdin.flush()
            Ledger.open(path, wait_seconds=60).close()

    def test_a_file_that_is_open_here_is_not_opened_twice(self, ledger: Ledger) -> None:
        with pytest.raises(LedgerLocked, match="this very process"):
            Ledger.open(ledger.path)


APPEND_FOR_EVER = """
import sys
from pathlib import Path
from analytics.ledger import Ledger, LedgerRecord
from tests.analytics.history import LIFECYCLE, TOPIC_ID, at, store_order
ledger = Ledger.open(Path(sys.argv[1]))
first = ledger.next_offset(LIFECYCLE, 0, TOPIC_ID)
print("open", flush=True)
while True:
    batch = [
        LedgerRecord(offset=n, known_at=at(0), value=store_order(f"o{n}", "created", at(0)).to_bytes())
        for n in range(first, first + 50)
    ]
    ledger.append(batch, topic=LIFECYCLE, partition=0, topic_id=TOPIC_ID)
    first += 50
    print(first, flush=True)
"""


class TestKill:
    def test_rows_and_offset_agree_after_kill_9_at_any_moment(self, tmp_path: Path) -> None:
        """Killed five times amid appending; what was acknowledged is there, and nothing is there twice."""
        path = tmp_path / "ledger.duckdb"
        for batches in (1, 2, 3, 5, 9):
            acknowledged = _killed_after(path, batches)

            ledger = Ledger.open(path, wait_seconds=30)
            try:
                stored = ledger.next_offset(LIFECYCLE, 0, TOPIC_ID)
                assert stored >= acknowledged
                assert count(ledger, "lifecycle") == count(ledger, "sources") == stored
            finally:
                ledger.close()


def _killed_after(path: Path, batches: int) -> int:
    """Append in another process, kill it behind that many batches; the last acknowledged offset."""
    writer = subprocess.Popen(
        [sys.executable, "-c", APPEND_FOR_EVER, str(path)], stdout=subprocess.PIPE, text=True
    )
    with writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        acknowledged = [int(writer.stdout.readline()) for _ in range(batches)]
        os.kill(writer.pid, signal.SIGKILL)
    return acknowledged[-1]


class TestClosing:
    def test_it_closes_while_reports_are_being_asked(self, tmp_path: Path) -> None:
        for round_ in range(8):
            ledger = open_ledger(tmp_path / f"{round_}.duckdb")
            asked = threading.Semaphore(0)
            readers = [threading.Thread(target=ask_until_closed, args=(ledger, asked)) for _ in range(4)]
            for reader in readers:
                reader.start()
            for _ in range(40):
                asked.acquire()

            ledger.close()

            for reader in readers:
                reader.join(timeout=30)
            assert not any(reader.is_alive() for reader in readers)
            Ledger.open(ledger.path).close()


def ask_until_closed(ledger: Ledger, asked: threading.Semaphore) -> None:
    with suppress(duckdb.Error):
        while True:
            with ledger.present() as connection:
                connection.execute("select count(*) from lifecycle").fetchall()
            asked.release()
