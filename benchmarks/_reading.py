"""How long every report of a ledger takes: alone, with a writer beside it, and as of earlier times."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from analytics.ledger import Ledger, LedgerNotWritten, LedgerRecord
from analytics.questions import QUESTIONS
from analytics.reports import Reports, ReportTooLarge
from benchmarks._made_up import LAST_DAY
from streams.ledger_agent import BATCH, Pace

BUDGETS_MS = {"card": 200.0, "analysis": 2000.0, "as_of": 5000.0}
AS_OF_ROWS = 1_000_000
TOPIC, TOPIC_ID = "order-lifecycle", "benchmark"
NOW = LAST_DAY + timedelta(hours=1)
ORDER = "order-1"
SNAPSHOT_SECONDS = 30.0
LARGEST_BATCH = BATCH

# What the pages show as cards and strips, for the last month; all reports are also asked about everything.
CARDS = (
    "backlog",
    "churn",
    "conservation",
    "data_quality",
    "effects",
    "fulfillment_distribution",
    "fulfillment_latency",
    "mrr",
    "order_flow",
    "order_status",
    "orders",
    "pipeline",
    "sites",
    "suppressions",
)


class WriterBeside:
    """Appends so many rows a second while it is entered, and publishes as the owner does."""

    def __init__(self, ledger: Ledger, source: Iterator[LedgerRecord], rate: int) -> None:
        self._ledger, self._source, self._rate = ledger, source, rate
        self._done, self._began = threading.Event(), 0.0
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._writing: Future[None] | None = None
        self._rows, self._refused, self._took = 0, 0, list[float]()

    def __enter__(self) -> "WriterBeside":
        self._began = time.monotonic()
        if self._rate:
            self._writing = self._pool.submit(self._write)
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._pool.shutdown()
        if self._writing is not None:
            self._writing.result()

    def figures(self) -> dict[str, object]:
        """How many rows a second it managed, and how long its batches took."""
        took = sorted(self._took) or [0.0]
        return {
            "rows_per_second": round(self._rows / (time.monotonic() - self._began)),
            "batches": len(self._took),
            "refused": self._refused,
            "p50_ms": round(1000 * took[(len(took) - 1) // 2], 1),
            "slowest_ms": round(1000 * took[-1], 1),
        }

    def _write(self) -> None:
        published, pace = time.monotonic(), Pace()
        # As the owner takes them: each batch is what has come while the one before was written and in the
        # pause after it, and that goes by how long the first of them has waited.
        while not self._done.wait(pace.pause(time.time() - self._waiting / self._rate)):
            began = time.monotonic()
            pace.hand_over()
            told = list(islice(self._source, min(round(self._waiting), LARGEST_BATCH)))
            self._append(told)
            pace.wrote()
            self._rows += len(told)
            self._took.append(time.monotonic() - began)
            if time.monotonic() - published >= SNAPSHOT_SECONDS:
                self._ledger.publish(at=NOW)
                published = time.monotonic()

    @property
    def _waiting(self) -> float:
        """How many rows have come that are not in the ledger."""
        return self._rate * (time.monotonic() - self._began) - self._rows

    def _append(self, told: list[LedgerRecord]) -> None:
        """Again, as the owner does, while a question has the memory for it."""
        while not self._done.is_set():
            try:
                self._ledger.append(told, topic=TOPIC, partition=0, topic_id=TOPIC_ID)
            except LedgerNotWritten:
                self._refused += 1
                self._done.wait(1)
            else:
                return


@dataclass(frozen=True, slots=True)
class Asked:
    """A report in one of its roles, and what it is asked with, each time."""

    report: str
    role: str
    params: list[dict[str, list[str]]]

    @property
    def budget_ms(self) -> float:
        return BUDGETS_MS[self.role.removesuffix(", again")]


def asked_at_present(runs: int) -> Iterator[Asked]:
    """Every report about everything, and those that pages show as cards about a month."""
    zone = {"tz": ["Europe/Berlin"]}
    month = {"start": [(NOW - timedelta(days=30)).isoformat()], **zone}
    for name, question in QUESTIONS.items():
        yield Asked(name, "analysis", [{} if question.reads_present else zone] * runs)
        if name in CARDS:
            yield Asked(name, "card", [{} if question.reads_present else month] * runs)


def asked_of_the_past() -> Iterator[Asked]:
    """Every report as of a time of its own, first and again: the second shares what the first made."""
    for number, (name, question) in enumerate(QUESTIONS.items()):
        if not question.reads_present:
            moment = NOW - timedelta(days=90, minutes=number)
            params = {"as_of": [moment.isoformat()], "tz": ["Europe/Berlin"]}
            yield Asked(name, "as_of", [params])
            yield Asked(name, "as_of, again", [params])


def measured_alone(reports: Reports, asked: Asked) -> float:
    """The least processor time of a few answers, of all threads, in milliseconds; nothing else may run."""
    spent = []
    for params in asked.params[:3]:
        began = time.process_time()
        reports.run(asked.report, {**params, **_needed(asked.report)})
        spent.append(1000 * (time.process_time() - began))
    return min(spent)


def measured(reports: Reports, asked: Asked, cpu_ms: float | None = None) -> dict[str, object]:
    """p50 and p95 of the milliseconds that a reader waited."""
    took = []
    for params in asked.params:
        began = time.perf_counter()
        reports.run(asked.report, {**params, **_needed(asked.report)})
        took.append(1000 * (time.perf_counter() - began))
    took.sort()
    p50, p95 = took[(len(took) - 1) // 2], took[-(-len(took) * 95 // 100) - 1]
    figures: dict[str, object] = {
        "report": asked.report,
        "role": asked.role,
        "p50_ms": round(p50, 1),
        "p95_ms": round(p95, 1),
        "p95_of_budget": round(p95 / asked.budget_ms, 2),
    }
    if cpu_ms is not None:
        figures |= {"cpu_ms": round(cpu_ms, 1), "cpu_share": round(cpu_ms / asked.budget_ms, 2)}
    return figures


def read(
    ledger: Ledger, source: Iterator[LedgerRecord], *, rows: int, rate: int, runs: int
) -> Iterator[dict[str, object]]:
    """Every report: alone, then with a writer beside it, then as of earlier times; a line of figures each.

    What is asked of the past has a budget up to a million rows only.
    """
    ledger.publish(at=NOW)
    reports = Reports(ledger, time_limit_seconds=300)
    alone = [(asked, measured_alone(reports, asked)) for asked in asked_at_present(runs)]
    with WriterBeside(ledger, source, rate) as writer:
        for asked, cpu_ms in alone:
            yield measured(reports, asked, cpu_ms)
        yield {"writer": writer.figures()}
        for asked in asked_of_the_past():
            try:
                figures = measured(reports, asked)
            except ReportTooLarge as error:
                figures = {"report": asked.report, "role": asked.role, "refused": f"{error}"}
            if rows > AS_OF_ROWS:
                figures.pop("p95_of_budget", None)
            yield figures
        yield {"writer": writer.figures()}


def _needed(name: str) -> dict[str, list[str]]:
    return {"order_timeline": {"order_id": [ORDER]}, "churn_difference": {"other": ["stripe"]}}.get(name, {})
