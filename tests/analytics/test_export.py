"""Exports: a table, a report or the whole ledger as files that other tools read."""

import contextlib
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from analytics.export import ExportNotWritten, OwnFile, UnknownExport, export, export_ledger
from analytics.ledger import Ledger
from analytics.questions import QUESTIONS
from analytics.reports import Reports
from analytics.service import create_app
from analytics.tables import EXPORTED
from analytics.versions import READERS
from tests.analytics.history import NOW, at, stay, store_order, tell
from tests.analytics.one_of_everything import HISTORY


@pytest.fixture
def told(ledger: Ledger) -> Ledger:
    """One of everything, and a version that knows it."""
    tell(ledger, HISTORY)
    ledger.publish(at=NOW)
    return ledger


def own(ledger: Ledger) -> OwnFile:
    return OwnFile(Reports(ledger))


class TestExport:
    @pytest.mark.parametrize("is_parquet", [True, False], ids=["parquet", "csv"])
    def test_writes_every_table_and_report(
        self, told_everything: Ledger, tmp_path: Path, is_parquet: bool
    ) -> None:
        for name in (*EXPORTED, *QUESTIONS):
            path = tmp_path / name
            params = {"order_timeline": {"order_id": ["o1"]}, "quota": {"grain": ["hour"]}}.get(name, {})
            rows = export(own(told_everything), name, params, is_parquet=is_parquet, sink=path)
            read = pyarrow.parquet.read_table(path) if is_parquet else pyarrow.csv.read_csv(path)
            assert read.num_rows == rows, name

    def test_a_report_is_the_report(self, ledger: Ledger, tmp_path: Path) -> None:
        tell(ledger, [store_order("o1", "approved", at(0)), *stay("s1", at(1))])
        ledger.publish()

        export(own(ledger), "orders", {"kind": ["store"]}, is_parquet=True, sink=tmp_path / "orders.parquet")

        read = pyarrow.parquet.read_table(tmp_path / "orders.parquet").to_pylist()
        assert [(row["order_id"], row["amount"]) for row in read] == [("o1", "10.00")]

    def test_the_whole_ledger_is_one_file_for_each_table_all_of_one_version(
        self, told: Ledger, tmp_path: Path
    ) -> None:
        origin = own(told)
        version = origin.version()
        tell(told, stay("later", at(40)))

        written = export_ledger(origin, tmp_path / "all", is_parquet=True)

        assert sorted(path.name for path in written) == sorted(f"{name}.parquet" for name in EXPORTED)
        assert told.versions()[0].name == version
        assert written[tmp_path / "all" / "lifecycle.parquet"] == len(HISTORY)

    def test_an_unknown_name_says_what_there_is(self, ledger: Ledger, tmp_path: Path) -> None:
        with pytest.raises(UnknownExport, match="neither a table nor a report 'x'; tables are lifecycle"):
            export(own(ledger), "x", {}, is_parquet=True, sink=tmp_path / "x")

    @pytest.mark.parametrize("is_parquet", [True, False], ids=["parquet", "csv"])
    def test_a_full_disk_is_said_in_one_sentence(self, told_everything: Ledger, is_parquet: bool) -> None:
        with pytest.raises(ExportNotWritten, match=r"/dev/full could not be written: .*No space left"):
            export(own(told_everything), "lifecycle", {}, is_parquet=is_parquet, sink=Path("/dev/full"))

    def test_what_could_not_be_written_leaves_the_file_that_was_there(
        self, told_everything: Ledger, tmp_path: Path
    ) -> None:
        (tmp_path / "orders.parquet.part").mkdir()
        (tmp_path / "orders.parquet").write_text("of yesterday")

        with pytest.raises(ExportNotWritten, match="Nothing was left there"):
            export(own(told_everything), "orders", {}, is_parquet=True, sink=tmp_path / "orders.parquet")

        assert (tmp_path / "orders.parquet").read_text() == "of yesterday"


class TestOverHttp:
    def client(self, ledger: Ledger, token: str | None = None) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=create_app(Reports(ledger), token=token))
        return httpx.AsyncClient(transport=transport, base_url="http://reports")

    async def test_a_table_comes_as_an_arrow_stream_of_one_version(self, told: Ledger) -> None:
        before = told.versions()[0].name
        tell(told, stay("later", at(40)))
        told.publish(at=NOW)

        async with self.client(told) as client:
            then = await client.get("/export/lifecycle", params={"version": before})
            now = await client.get("/export/lifecycle")

        assert then.headers["x-version"] == before
        assert pa.ipc.open_stream(then.content).read_all().num_rows == len(HISTORY)
        assert pa.ipc.open_stream(now.content).read_all().num_rows == len(HISTORY) + 1

    async def test_it_is_behind_the_same_token_and_refuses_in_the_same_words(
        self, told_everything: Ledger
    ) -> None:
        async with self.client(told_everything, token="secret") as client:
            without = await client.get("/export/lifecycle")
            client.headers["Authorization"] = "Bearer secret"
            unknown = await client.get("/export/schema_migrations")
            gone = await client.get("/export/lifecycle?version=old")
            odd = await client.get("/export/lifecycle?where=1")
            reports = Reports(told_everything)
            with reports.rows_of("lifecycle"):
                busy = await httpx.AsyncClient(
                    transport=httpx.ASGITransport(app=create_app(reports, token=None)), base_url="http://r"
                ).get("/export/sources")

        answers = [(each.status_code, each.json()["error"]) for each in (without, unknown, gone, odd, busy)]
        assert answers == [
            (401, "unauthorized"),
            (404, "unknown_table"),
            (410, "version_gone"),
            (400, "bad_parameter"),
            (503, "export_busy"),
        ]

    async def test_an_export_that_its_reader_broke_off_costs_no_connection(
        self, told_everything: Ledger
    ) -> None:
        origin = own(told_everything)
        version = origin.version()

        for _ in range(READERS + 1):
            with pytest.raises(ExportNotWritten):
                export(origin, "lifecycle", {}, is_parquet=True, sink=Path("/dev/full"))

        for _ in range(READERS + 1):
            pieces = Reports(told_everything).rows_of("lifecycle", version)
            pieces.__enter__()
            assert not pieces.__exit__(GeneratorExit, GeneratorExit(), None)

        with contextlib.ExitStack() as readers:
            kept = told_everything.version(version)
            for _ in range(READERS):
                connection = readers.enter_context(kept.connection(wait_seconds=0))
                assert connection.execute("select count(*) from lifecycle").fetchall() == [(len(HISTORY),)]

    async def test_reports_go_on_while_a_table_is_read(self, told_everything: Ledger) -> None:
        reports = Reports(told_everything)

        with reports.rows_of("lifecycle") as (version, _):
            answered = [reports.run("order_status", {"version": [version]}) for _ in range(5)]

        assert {report.version for report in answered} == {version}
