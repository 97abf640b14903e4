"""Bad questions and bad days: a clear answer each, and the writer never stops for a reader."""

import contextlib
import re
import subprocess
import zoneinfo
from pathlib import Path

import duckdb
import pytest

from analytics.damage import named_refusals
from analytics.ledger import Ledger, LedgerDamaged, LedgerNotWritten
from analytics.questions import QUESTIONS
from analytics.reports import BadParameter, Reports, ReportTimeout, ReportTooLarge, UnknownReport
from analytics.versions import READERS, time_limit
from tests.analytics.full_disk import lines_of
from tests.analytics.history import (
    LIFECYCLE,
    NOW,
    SITE,
    TOPIC_ID,
    ask,
    at,
    calls,
    only,
    store_order,
    tell,
)
from tests.analytics.one_of_everything import everything
from tests.empty_ledger import open_ledger

# Columns that count something, and the reports that a currency narrows.
COUNTED = (
    *("orders", "placed", "churned", "active", "base", "due", "trials", "finished", "open", "size", "rate"),
    *("numerator", "at_end", "paid", "effects", "fulfillments", "at_risk", "counted_by"),
)
OF_MONEY = {"orders", "order_status", "order_flow", "churn", "mrr", "revenue", "cohorts", "backlog", "plans"}

EVERY_ZONE = "select name from pg_timezone_names()"

# What stands now, whenever the period began.
OF_A_MOMENT = {"sites"}


class TestRefusals:
    @pytest.mark.parametrize(
        ("report", "params", "says"),
        [
            ("orders", {"colour": ["red"]}, "parameter colour: is unknown here; allowed are start, end, tz"),
            (
                "orders",
                {"start": ["yesterday"]},
                "parameter start: 'yesterday' is not allowed; give an ISO 8601",
            ),
            ("orders", {"tz": ["Mars/Olympus"]}, "parameter tz: 'Mars/Olympus' is not allowed; give an IANA"),
            ("orders", {"tz": ["../../etc/passwd"]}, "parameter tz"),
            ("orders", {"tz": ["localtime"]}, "parameter tz: 'localtime' is not allowed; give an IANA"),
            ("orders", {"tz": ["right/UTC"]}, "parameter tz: 'right/UTC' is not allowed; give an IANA"),
            ("orders", {"limit": ["1001"]}, "a whole number from 1 to 1000"),
            ("orders", {"limit": ["ten"]}, "a whole number from 1 to 1000"),
            ("orders", {"late": ["maybe"]}, "true or false"),
            ("orders", {"cursor": ["2"]}, "parameter cursor: '2' is not allowed; give the next_cursor of"),
            ("effect_log", {"cursor": ["next page"]}, "give the next_cursor of a page"),
            ("orders", {"target_hours": ["nan"]}, "a number above 0"),
            ("orders", {"kind": ["bicycle"]}, "one of store, subscription"),
            ("orders", {"start": ["2026-03-02"], "end": ["2026-03-01"]}, "is not after start"),
            ("orders", {"tz": ["UTC", "UTC"]}, "parameter tz: was given more than once"),
            ("order_timeline", {}, "parameter order_id: is required"),
        ],
    )
    def test_name_the_parameter_and_say_what_is_allowed(
        self, ledger: Ledger, report: str, params: dict[str, list[str]], says: str
    ) -> None:
        with pytest.raises(BadParameter, match=re.escape(says)):
            Reports(ledger).run(report, params)

    def test_an_unknown_report_names_those_there_are(self, ledger: Ledger) -> None:
        with pytest.raises(UnknownReport, match=r"no report 'x'; there are sites, plans, order_status"):
            Reports(ledger).run("x", {})

    def test_what_does_not_occur_is_nothing_in_every_report_and_no_error(
        self, told_everything: Ledger
    ) -> None:
        """A currency, a site, a time without a history: no rows, or rows that count nothing."""
        nothing: list[dict[str, str]] = [
            {"currency": "CHF"},
            {"site": "nowhere"},
            {"start": "2099-01-01"},
            {"start": "2099-01-01", "end": "2100-01-01", "tz": "Asia/Kathmandu"},
            {"as_of": "0001-01-01"},
            {"as_of": "2026-04-01", "start": "2026-04-02"},
            {"start": "0001-01-01", "end": "0001-01-02"},
        ]

        for params in nothing:
            for name, rows in everything(told_everything, **params).items():
                if ("currency" in params and name not in OF_MONEY) or (
                    "start" in params and name in OF_A_MOMENT
                ):
                    continue
                counted = [row[column] for row in rows for column in COUNTED if column in row]
                assert set(counted) <= {0, None, "0.00"}, (name, params)

    def test_every_report_refuses_what_none_knows(self, ledger: Ledger) -> None:
        asked: list[tuple[dict[str, list[str]], str]] = [
            ({"colour": ["red"]}, "parameter colour: is unknown here; allowed are"),
            ({"tz": ["Mars/Olympus"]}, "parameter tz: 'Mars/Olympus' is not allowed"),
            ({"start": ["2026-03-02"], "end": ["2026-03-02"]}, "parameter end: .* is not after start"),
            ({"as_of": ["yesterday"]}, "parameter as_of: 'yesterday' is not allowed"),
            ({"currency": [""]}, "parameter currency: '' is not allowed"),
        ]

        for name in QUESTIONS:
            for params, says in asked:
                with pytest.raises(BadParameter, match=says):
                    Reports(ledger).run(name, {**_needed(name), **params})

    def test_every_report_of_a_ledger_without_rows_counts_nothing(self, ledger: Ledger) -> None:
        for params in ({}, {"start": "2026-03-02", "tz": "Asia/Kathmandu"}, {"as_of": "2026-03-02"}):
            for name, rows in everything(ledger, **params).items():
                counted = [row[column] for row in rows for column in COUNTED if column in row]
                assert set(counted) <= {0, None, "0.00"}, (name, params)

    def test_every_zone_that_is_allowed_is_known_to_the_ledger(self, ledger: Ledger) -> None:
        """Python and DuckDB each bring a list of zones; a zone of one alone would end in an error."""
        with ledger.present() as connection:
            known = {name for (name,) in connection.execute(EVERY_ZONE).fetchall()}
        accepted = []
        for zone in zoneinfo.available_timezones() - known:
            with contextlib.suppress(BadParameter):
                Reports(ledger).run("order_status", {"tz": [zone]})
                accepted.append(zone)

        assert len(known) > 300
        assert accepted == []

    def test_the_present_is_told_at_once_however_early_the_period_begins(self, ledger: Ledger) -> None:
        """Its minutes are listed for `grain=minute` alone: those of two thousand years take many seconds."""
        tell(ledger, [store_order("o1", "approved", at(0))])

        found = Reports(ledger, time_limit_seconds=5).run("pipeline", {"start": ["0001-01-01"]})

        assert found.table.num_rows == 1

    def test_the_page_beyond_the_last_is_empty(self, ledger: Ledger) -> None:
        tell(ledger, [store_order(f"o{day}", "approved", at(day)) for day in range(3)])
        first = ask(ledger, "orders", limit=2)
        last = ask(ledger, "orders", limit=2, cursor=first[-1]["next_cursor"])

        assert (len(first), len(last), last[-1]["next_cursor"]) == (2, 1, None)
        assert ask(ledger, "orders", cursor=f"1970-01-01T00:00:00Z {SITE} o0") == []

    def test_a_report_that_takes_too_long_is_cut_off_and_the_next_is_answered(self, ledger: Ledger) -> None:
        """Every minute of 16 months takes seconds; the first interrupt falls between two statements."""
        tell(ledger, [store_order("o1", "approved", at(0)), calls(at(0), 1)])
        ledger.publish(at=NOW)

        # As often as a version has connections, and once more: each time one is lost.
        for _ in range(READERS + 1):
            with pytest.raises(ReportTimeout, match="took longer than"):
                Reports(ledger, time_limit_seconds=0.001).run("quota", {"start": ["2025-01-01"]})

        assert only(ask(ledger, "order_status", now=None))["orders"] == 1

    @pytest.mark.parametrize("report", ["quota", "order_flow", "pipeline"])
    def test_more_buckets_than_anybody_reads_are_refused_at_once(self, ledger: Ledger, report: str) -> None:
        """Every minute, or hour, of two thousand years."""
        grain = "hour" if report == "order_flow" else "minute"

        with pytest.raises(BadParameter, match=r"parameter start: .* give a later start or a coarser grain"):
            Reports(ledger).run(report, {"start": ["0001-01-01"], "grain": [grain]})

    def test_a_report_that_runs_out_of_memory_is_refused_in_words(self, ledger: Ledger) -> None:
        with (
            pytest.raises(ReportTooLarge, match="shorter period or a coarser grain"),
            ledger.present() as connection,
            time_limit(connection, 5),
        ):
            raise duckdb.OutOfMemoryException("failed to allocate")


class TestWriter:
    def test_goes_on_while_every_reader_is_busy(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(0))])
        version = ledger.publish(at=NOW)
        with contextlib.ExitStack() as busy:
            readers = [busy.enter_context(version.connection(wait_seconds=0)) for _ in range(READERS)]
            open_results = [reader.execute("select * from range(10_000_000)") for reader in readers]

            tell(ledger, [store_order("o2", "approved", at(1))])
            newest = ledger.publish(at=NOW)
            with pytest.raises(ReportTimeout):
                busy.enter_context(version.connection(wait_seconds=0.01))

            assert len(ask(ledger, "orders", now=None, version=newest.name)) == 2
            assert all(result.fetchone() == (0,) for result in open_results)

    def test_names_the_setting_where_questions_have_the_memory(self, ledger: Ledger) -> None:
        """In DuckDB's own words for a block that found no room."""
        said = "Out of Memory Error: failed to pin block of size 256.0 KiB\n\nPossible solutions:"

        with (
            pytest.raises(LedgerNotWritten, match=r"failed to pin .* Questions have .*LEDGER_MEMORY"),
            named_refusals(ledger.path),
        ):
            raise duckdb.OutOfMemoryException(said)


class TestDamage:
    @pytest.fixture
    def crashed(self, tmp_path: Path) -> Path:
        """A ledger as a killed process leaves it: one order in the file, a second one in its WAL."""
        ledger = open_ledger(tmp_path / "ledger.duckdb")
        tell(ledger, [store_order("o1", "approved", at(0))])
        ledger.close()
        ledger = Ledger.open(ledger.path)
        tell(ledger, [store_order("o2", "approved", at(1))])
        crashed = tmp_path / "crashed"
        crashed.mkdir()
        # By a process of its own: who opens its own database's file loses the lock on it.
        subprocess.run(["cp", str(ledger.path), f"{ledger.path}.wal", str(crashed)], check=True)
        ledger.close()
        return crashed / "ledger.duckdb"

    def test_a_corrupted_wal_is_named_and_moved_away_the_log_gives_the_rest_again(
        self, crashed: Path
    ) -> None:
        wal = crashed.with_name("ledger.duckdb.wal")
        _flip(wal, wal.stat().st_size // 2)

        with pytest.raises(LedgerDamaged, match=f"Move {wal} away and start again"):
            Ledger.open(crashed)

        wal.unlink()
        again = Ledger.open(crashed)
        try:
            assert again.next_offset(LIFECYCLE, 0, TOPIC_ID) == 1
            tell(again, [store_order("o2", "approved", at(1))])
            assert len(ask(again, "orders")) == 2
        finally:
            again.close()

    def test_a_file_that_duckdb_did_not_write_is_named(self, crashed: Path) -> None:
        crashed.with_name("ledger.duckdb.wal").unlink()
        crashed.write_bytes(b"no database" * 1000)

        with pytest.raises(LedgerDamaged, match="python -m streams replay rebuild"):
            Ledger.open(crashed)

    def test_a_damaged_block_is_named(self, crashed: Path) -> None:
        crashed.with_name("ledger.duckdb.wal").unlink()
        _flip(crashed, 5000)

        with pytest.raises(LedgerDamaged, match="is damaged: Corrupt database file"):
            Ledger.open(crashed)

    def test_a_file_that_was_cut_off_is_named(self, crashed: Path) -> None:
        crashed.with_name("ledger.duckdb.wal").unlink()
        crashed.write_bytes(crashed.read_bytes()[:20_000])

        with pytest.raises(LedgerDamaged, match=r"is damaged: .*build it anew from the log"):
            Ledger.open(crashed)

    def test_a_full_disk_takes_nothing_loses_nothing_and_readers_go_on(self, tmp_path: Path) -> None:
        said = lines_of(FULL_DISK, tmp_path / "ledger.duckdb")

        assert "could not be written, and nothing of the batch was" in said[0]
        assert "Make room on that disk" in said[0]
        assert said[1:] == ["1 order read meanwhile", "501 rows held afterwards"]


FULL_DISK = """
import sys
from pathlib import Path
from analytics.ledger import LedgerNotWritten
from tests.analytics.full_disk import no_room_beyond
from tests.analytics.history import LIFECYCLE, TOPIC_ID, ask, at, store_order, tell
from tests.empty_ledger import open_ledger

ledger = open_ledger(Path(sys.argv[1]))
tell(ledger, [store_order("o", "approved", at(0))])
ledger.publish()
more = [store_order(f"o{n}", "approved", at(0)) for n in range(500)]
wal = ledger.path.with_name(f"{ledger.path.name}.wal").stat().st_size
with no_room_beyond(wal + 20_000):
    try:
        tell(ledger, more)
    except LedgerNotWritten as error:
        print(error)
    print(len(ask(ledger, "orders", now=None)), "order read meanwhile")
tell(ledger, more)
print(ledger.next_offset(LIFECYCLE, 0, TOPIC_ID), "rows held afterwards")
ledger.close()
"""


def _needed(name: str) -> dict[str, list[str]]:
    return {"order_id": ["o1"]} if name == "order_timeline" else {}


def _flip(path: Path, place: int) -> None:
    """Turn one byte round."""
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(content)
