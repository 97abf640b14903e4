"""The statements of docs/metrics.md, run as a stranger would, give what the reports give."""

import random
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analytics.export import OwnFile, export_ledger
from analytics.ledger import Ledger, PartitionSample
from analytics.reports import Reports
from tests.analytics.history import NOW, OTHER_SITE, ask, at, tell
from tests.analytics.lives import history
from tests.analytics.one_of_everything import HISTORY
from tests.empty_ledger import open_ledger
from tests.metrics_tables import PAGE

# A heading of the page, and the statement below it.
STATEMENT = re.compile(r"^### ([^\n`]+)\n(?:(?!^#).)*?^```sql\n(.*?)^```", re.MULTILINE | re.DOTALL)
STATEMENTS: dict[str, str] = dict(STATEMENT.findall(PAGE.read_text(encoding="utf-8")))

# What the page says that its statements are about; the versions of the tests are of that moment.
APRIL = {"start": "2026-04-01", "end": "2026-05-01"}

# Heading → the report that it recomputes, with its parameters.
REPORTS: dict[str, tuple[str, dict[str, str]]] = {
    "Orders placed": ("order_flow", APRIL),
    "Orders placed, from the rows themselves": ("order_flow", APRIL),
    "Open orders": ("order_flow", {"start": "2026-04-30", "end": "2026-05-01"}),
    "Late orders": ("sites", {}),
    "Revenue": ("revenue", {**APRIL, "grain": "month"}),
    "Churn": ("churn", APRIL),
    "Recurring revenue at the end": ("mrr", APRIL),
    "Hours from paid to fulfilled": ("fulfillment_latency", APRIL),
    "Late shipments": ("fulfillment_rates", APRIL),
    "Effects by outcome": ("effects", APRIL),
    "Conservation": ("conservation", {}),
}
# What these have a row for though nothing happened, a statement has none for.
QUIET = {"placed": 0, "due": 0}
# The page adds the sites up.
SUMMED = {"Late orders"}


@pytest.fixture(scope="module", params=[1, 2])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Two sites with made-up lives, looked at as May begins, and the folder of their export."""
    folder = tmp_path_factory.mktemp("stranger")
    chance = random.Random(request.param)
    ledger = open_ledger(folder / "ledger.duckdb")
    tell(
        ledger,
        [
            *HISTORY,
            *history(chance, size=12, prefix="x"),
            *history(chance, size=6, site=OTHER_SITE, prefix="y"),
        ],
    )
    ledger.record_samples(NOW, [PartitionSample(topic="payments", partition=0, committed=6, end=9)])
    ledger.publish(at=at(60))
    export_ledger(OwnFile(Reports(ledger)), folder / "ledger", is_parquet=True)
    yield ledger, folder
    ledger.close()


def asked(ledger: Ledger, heading: str, columns: list[str]) -> list[tuple[Any, ...]]:
    """The report's rows, cut down to the statement's columns."""
    report, params = REPORTS[heading]
    rows = ask(ledger, report, now=None, **params)
    quiet = {name: value for name, value in QUIET.items() if name in columns}
    rows = [row for row in rows if not any(row[name] == value for name, value in quiet.items())]
    if heading in SUMMED:
        rows = [{name: sum(row[name] for row in rows) for name in columns}]
    return [tuple(comparable(row[name]) for name in columns) for row in rows]


def comparable(value: Any) -> Any:
    """Money as a number, times to the second, hours to a millionth."""
    if isinstance(value, str) and re.fullmatch(r"-?\d+\.\d+", value):
        return Decimal(value).normalize()
    if isinstance(value, Decimal):
        return value.normalize()
    if isinstance(value, float):
        return round(value, 6)
    return str(value)[:19].replace(" ", "T") if hasattr(value, "year") or isinstance(value, str) else value


class TestStatements:
    def test_each_is_held_against_a_report(self) -> None:
        assert STATEMENTS.keys() == REPORTS.keys()

    @pytest.mark.parametrize("heading", REPORTS)
    def test_gives_what_the_report_gives(self, told: tuple[Ledger, Path], heading: str) -> None:
        ledger, folder = told
        with duckdb.connect() as stranger:
            stranger.execute(f"set file_search_path = '{folder}'")
            found = stranger.sql(STATEMENTS[heading])
            columns, rows = found.columns, found.fetchall()

        assert rows
        assert [tuple(map(comparable, row)) for row in rows] == asked(ledger, heading, columns)
