"""Exports: a table or a report as a file that other tools read."""

from pathlib import Path

import pyarrow.csv
import pyarrow.parquet
import pytest

from analytics.export import EXPORTED, UnknownExport, export
from analytics.ledger import Ledger
from analytics.questions import QUESTIONS
from tests.analytics.history import at, stay, store_order, tell
from tests.analytics.one_of_everything import HISTORY


class TestExport:
    @pytest.mark.parametrize("is_parquet", [True, False], ids=["parquet", "csv"])
    def test_writes_every_table_and_report(self, ledger: Ledger, tmp_path: Path, is_parquet: bool) -> None:
        tell(ledger, HISTORY)

        for name in (*EXPORTED, *QUESTIONS):
            path = tmp_path / name
            params = {"order_id": ["o1"]} if name == "order_timeline" else {}
            rows = export(ledger, name, params, is_parquet=is_parquet, sink=path)
            read = pyarrow.parquet.read_table(path) if is_parquet else pyarrow.csv.read_csv(path)
            assert read.num_rows == rows, name

    def test_a_report_is_the_report(self, ledger: Ledger, tmp_path: Path) -> None:
        tell(ledger, [store_order("o1", "approved", at(0)), *stay("s1", at(1))])
        ledger.publish()

        export(ledger, "orders", {"kind": ["store"]}, is_parquet=True, sink=tmp_path / "orders.parquet")

        read = pyarrow.parquet.read_table(tmp_path / "orders.parquet").to_pylist()
        assert [(row["order_id"], row["amount"]) for row in read] == [("o1", "10.00")]

    def test_an_unknown_name_says_what_there_is(self, ledger: Ledger, tmp_path: Path) -> None:
        with pytest.raises(UnknownExport, match="neither a table nor a report 'x'; tables are lifecycle"):
            export(ledger, "x", {}, is_parquet=True, sink=tmp_path / "x")
