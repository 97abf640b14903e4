"""How many rows a second the ledger appends, and how long its reports take, over a history of so many rows.

    python -m benchmarks.ledger [--rows 200000] [--batch 5000] [--runs 5] [--keep PATH]

The history is made up, always alike: a year of store orders, subscriptions, payments and notices on
twenty sites, told in the order it happened. Budgets are those of ten million rows: 200 ms for a card
(a month), 2 s for an analysis (everything), 5 s for an answer as of an earlier time.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from analytics.ledger import Ledger, LedgerRecord
from analytics.lifecycle import LifecycleRow
from analytics.questions import QUESTIONS
from analytics.reports import Reports
from benchmarks._made_up import LAST_DAY, made_up_rows

CARD_MS, ANALYSIS_MS, AS_OF_MS = 200.0, 2000.0, 5000.0
FLOOR_ROWS = 10_000
TOPIC, TOPIC_ID = "order-lifecycle", "benchmark"
ORDER = "order-1"

# Reports that a card shows, for the last month; all are also asked about the whole year.
CARDS = (
    "order_flow",
    "order_status",
    "orders",
    "churn",
    "fulfillment_latency",
    "fulfillment_distribution",
    "backlog",
    "effects",
    "sites",
    "data_quality",
    "pipeline",
    "conservation",
    "suppressions",
    "mrr",
)


def records(rows: Iterator[LifecycleRow]) -> Iterator[LedgerRecord]:
    for offset, row in enumerate(rows):
        yield LedgerRecord(offset=offset, known_at=row.happened_at, value=row.to_bytes())


def filled(ledger: Ledger, rows: int, batch: int) -> float:
    """Append the history; returns rows a second, the making of them not counted."""
    source, spent = records(made_up_rows(rows)), 0.0
    while told := list(islice(source, batch)):
        began = time.perf_counter()
        ledger.append(told, topic=TOPIC, partition=0, topic_id=TOPIC_ID)
        spent += time.perf_counter() - began
    return rows / spent


def asked(reports: Reports, name: str, runs: int, **params: str) -> dict[str, float]:
    """p50 and p95 of the milliseconds that a report took."""
    given = {key: [value] for key, value in params.items()}
    if name == "order_timeline":
        given["order_id"] = [ORDER]
    if name == "churn_difference":
        given["other"] = ["stripe"]
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        reports.run(name, given)
        took.append(1000 * (time.perf_counter() - began))
    took.sort()
    return {"p50": took[(runs - 1) // 2], "p95": took[-(-runs * 95 // 100) - 1]}


def measured(ledger: Ledger, runs: int) -> dict[str, dict[str, float]]:
    now = LAST_DAY + timedelta(hours=1)
    ledger.publish(at=now)
    reports, found = Reports(ledger, time_limit_seconds=120), {}
    month = {"start": (now - timedelta(days=30)).isoformat(), "tz": "Europe/Berlin"}
    earlier = (now - timedelta(days=90)).isoformat()
    for name, question in QUESTIONS.items():
        wholes = {"tz": "Europe/Berlin"} if not question.reads_present else {}
        asks = [("analysis", ANALYSIS_MS, wholes)]
        if name in CARDS:
            asks.append(("card", CARD_MS, {} if question.reads_present else month))
        if not question.reads_present:
            asks.append(("as_of", AS_OF_MS, {"as_of": earlier}))
        for kind, budget, params in asks:
            took = asked(reports, name, 1 if kind == "as_of" else runs, **params)
            found[f"{name} {kind}"] = {
                "p50_ms": round(took["p50"], 1),
                "p95_ms": round(took["p95"], 1),
                "p95_of_budget": round(took["p95"] / budget, 2),
            }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=5000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="a file to keep the ledger in, or to measure again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as folder:
        path = given.keep or Path(folder) / "ledger.duckdb"
        is_new = not path.exists()
        ledger = Ledger.open(path)
        try:
            rate = filled(ledger, given.rows, given.batch) if is_new else None
            found = measured(ledger, given.runs)
        finally:
            ledger.close()
        size = path.stat().st_size / 1e6
    print(json.dumps({"at": datetime.now(UTC).isoformat(), "rows": given.rows, "file_mb": round(size)}))
    if rate is not None:
        print(
            json.dumps({"appended_rows_per_second": round(rate), "of_floor_10000": round(rate / 10_000, 2)})
        )
    for name, figures in sorted(found.items(), key=lambda each: -each[1]["p95_of_budget"]):
        print(json.dumps({"report": name, **figures}))


if __name__ == "__main__":
    main()
