"""The statements of docs/recompute.md, run as a stranger would, give what the reports give."""

import random
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analytics.contract import ColumnType
from analytics.export import OwnFile, export_ledger
from analytics.ledger import Ledger, PartitionSample
from analytics.lifecycle import LifecycleRow
from analytics.questions import QUESTIONS
from analytics.reports import Reports
from tests.analytics.history import (
    NOW,
    OTHER_SITE,
    SITE,
    ask,
    at,
    calls,
    dead_letter,
    due,
    handover,
    outcome,
    pause,
    shipments,
    stay,
    store_order,
    subscription,
    tell,
    unrecognized,
)
from tests.analytics.lives import history
from tests.analytics.one_of_everything import HISTORY
from tests.empty_ledger import open_ledger
from tests.source_tree import ROOT

PAGE = ROOT / "docs" / "recompute.md"
# A heading of the page, and the statement below it.
STATEMENT = re.compile(r"^### ([^\n]+)\n(?:(?!^#).)*?^```sql\n(.*?)^```", re.MULTILINE | re.DOTALL)
STATEMENTS: dict[str, str] = dict(STATEMENT.findall(PAGE.read_text(encoding="utf-8")))

# What the page says that its statements are about; the versions of the tests are of that moment.
APRIL = {"start": "2026-04-01", "end": "2026-05-01"}
LAST_DAY = {"start": "2026-04-30", "end": "2026-05-01"}

# Heading → the reports that it recomputes, with their parameters.
REPORTS: dict[str, list[tuple[str, dict[str, str]]]] = {
    "Orders placed": [("order_flow", APRIL)],
    "Orders placed, from the rows themselves": [("order_flow", APRIL)],
    "What happened to orders, and how many stood open": [("order_flow", APRIL)],
    "Open orders by state": [("open_by_state", LAST_DAY)],
    "Orders by state and status": [("order_status", APRIL)],
    "Changes of status": [("order_transitions", {**APRIL, "kind": "store"})],
    "Sites": [("sites", APRIL)],
    "Revenue": [("revenue", {**APRIL, "grain": "month"})],
    "Orders one by one": [("orders", {**APRIL, "kind": "store"})],
    "What happened to one order": [("order_timeline", {"order_id": "o1"})],
    "Churn": [("churn", APRIL)],
    "Churn by all five methods": [("churn_methods", APRIL)],
    "Customers whom two methods tell apart": [("churn_difference", APRIL)],
    "Plans": [("plans", APRIL)],
    "Set to cancel": [("set_to_cancel", APRIL)],
    "Recurring revenue and what moved it": [("mrr", APRIL)],
    "Cohorts": [("cohorts", {})],
    "Cohorts by revenue": [("cohorts", {"by": "mrr", "currency": "EUR"})],
    "Survival": [("survival", {})],
    "Trials": [("trial_conversion", {**APRIL, "method": method}) for method in ("chartmogul", "stripe")],
    "Hours from paid to fulfilled": [("fulfillment_latency", APRIL)],
    "How long it took, in bins": [("fulfillment_distribution", APRIL)],
    "How long it took, by weekday and hour": [("fulfillment_by_hour", APRIL)],
    "Late, canceled and tracked": [("fulfillment_rates", APRIL)],
    "Backlog": [("backlog", APRIL)],
    "Effects by outcome": [("effects", APRIL)],
    "Effects by outcome, from the rows themselves": [("effects", APRIL)],
    "Effects one by one": [("effect_log", APRIL)],
    "Suppressions": [("suppressions", APRIL)],
    "Handovers": [("handovers", APRIL)],
    "Conservation": [("conservation", {})],
    "Lag": [("lag", {})],
    "Freshness, delay and pace": [("pipeline", {"end": "2026-05-01"})],
    "Dead letters": [("dead_letters", {})],
    "Requests to Wix": [("quota", {**APRIL, "grain": "hour"})],
    "Paused flows": [("flows_paused", {})],
    "Alarms": [("data_quality", {})],
}
# Reports list these rows though nothing happened in them; the statements don't.
QUIET: dict[str, str] = {
    "Orders placed": "placed",
    "Orders placed, from the rows themselves": "placed",
    "Open orders by state": "orders",
    "How long it took, in bins": "orders",
    "How long it took, by weekday and hour": "orders",
    "Effects by outcome": "due",
    "Effects by outcome, from the rows themselves": "due",
    "Requests to Wix": "calls",
    "Alarms": "events",
}
NUMBERS = {ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.MONEY}

# One of each thing in April that made-up lives seldom hold.
IN_APRIL: list[LifecycleRow] = [
    # b comes back within the month, c switches, d joins and leaves, e asks to leave, f never began.
    *stay("b1", at(5), at(35), contact="b"),
    *stay("b2", at(45), contact="b"),
    *stay("c1", at(5), at(36), contact="c"),
    *stay("c2", at(36, 3), contact="c"),
    *stay("d1", at(31), at(40), contact="d", cause="MEMBER_ACTION"),
    *stay("e1", at(5), contact="e"),
    subscription(
        "e1",
        "auto_renew_canceled",
        at(40),
        contact="e",
        start=at(5),
        auto_renew_canceled=True,
        requested=at(40),
        paid_until=at(90),
    ),
    subscription("f1", "ended", at(41), status="CANCELED", paid="UNPAID", created=at(40), end=at(41)),
    store_order("late", "approved", at(50), paid="PAID", created=at(50), status="WEIRD"),
    store_order("gone", "approved", at(42), paid="PAID", created=at(42), contact="g"),
    store_order("gone", "canceled", at(43), status="CANCELED", paid="PAID", created=at(42), by="APP"),
    store_order("sent", "approved", at(44), paid="PAID", created=at(44)),
    shipments("sent", at(45), ("p9", at(45), {"1": 1}, "TRACK9")),
    handover("h2", "sent", at(45)),
    due(f"fulfillment:{SITE}:sent:dock:h2", "sent", at(45), flow="fulfillment", topic="handovers"),
    outcome(
        f"fulfillment:{SITE}:sent:dock:h2",
        "sent",
        1,
        "failed",
        at(46),
        event_at=at(45),
        flow="fulfillment",
        reason="items_refused",
        attempts=3,
    ),
    handover("h3", "sent", at(46), word="refused", reason="key_reused"),
    due("k8", "late", at(47)),
    outcome("k8", "late", 1, "suppressed", at(48), event_at=at(47), reason="other_app"),
    due("k9", "late", at(59)),
    dead_letter("payments", 0, 3, at(50), reason="not_json"),
    calls(at(40), 20, parked=2),
    calls(at(40), 5, worker="w2"),
    pause("access", "paused", at(20), held=1),
    pause("access", "resumed", at(21)),
    pause("access", "paused", at(22), held=4),
    unrecognized(at(59, 23.99)),
    store_order("fresh", "created", at(59, 23.9), status="PENDING", created=at(59, 23.9)),
]


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
            *IN_APRIL,
            *history(chance, size=12, prefix="x"),
            *history(chance, size=6, site=OTHER_SITE, prefix="y"),
        ],
    )
    ledger.record_samples(NOW, [PartitionSample(topic="payments", partition=0, committed=6, end=9)])
    ledger.publish(at=at(60))
    export_ledger(OwnFile(Reports(ledger)), folder / "ledger", is_parquet=True)
    yield ledger, folder
    ledger.close()


def recomputed(folder: Path, heading: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The statement's columns and rows."""
    with duckdb.connect() as stranger:
        stranger.execute(f"set file_search_path = '{folder}'")
        stranger.execute("set TimeZone = 'America/New_York'")
        found = stranger.sql(STATEMENTS[heading])
        return found.columns, found.fetchall()


def asked(ledger: Ledger, heading: str, columns: list[str]) -> list[tuple[Any, ...]]:
    """The reports' rows, cut down to the statement's columns."""
    quiet = QUIET.get(heading)
    return [
        tuple(comparable({**params, **row}[name]) for name in columns)
        for report, params in REPORTS[heading]
        for row in ask(ledger, report, now=None, **params)
        if quiet is None or row[quiet] != 0
    ]


def comparable(value: Any) -> Any:
    """Money as a number, times to the second, hours to a millionth."""
    if isinstance(value, str) and re.fullmatch(r"-?\d+\.\d+", value):
        return Decimal(value).normalize()
    if isinstance(value, Decimal):
        return value.normalize()
    if isinstance(value, float):
        return round(value, 6)
    if hasattr(value, "year") or (isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value)):
        return str(value)[:19].replace(" ", "T")
    return value


class TestStatements:
    def test_each_is_held_against_a_report(self) -> None:
        assert STATEMENTS.keys() == REPORTS.keys()

    def test_together_they_give_every_number_of_every_report(self, told: tuple[Ledger, Path]) -> None:
        _, folder = told
        given = {
            (report, column)
            for heading, reports in REPORTS.items()
            for column in recomputed(folder, heading)[0]
            for report, _ in reports
        }

        shown = {
            (question.name, column.name)
            for question in QUESTIONS.values()
            for column in question.columns
            if column.type in NUMBERS
        }
        # The code of Wix's last answer counts nothing.
        assert shown - given == {("effect_log", "last_status")}

    @pytest.mark.parametrize("heading", REPORTS)
    def test_gives_what_the_report_gives(self, told: tuple[Ledger, Path], heading: str) -> None:
        ledger, folder = told
        columns, rows = recomputed(folder, heading)

        assert rows
        assert [tuple(map(comparable, row)) for row in rows] == asked(ledger, heading, columns)
