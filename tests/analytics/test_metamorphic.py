"""What no change of delivery may change, and what must add up, on made-up histories.

Each example is a ledger of forty sites with a history each, since a report over all of them takes hardly
longer than one over a single site: forty or eighty new histories a test and run.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.ledger import Ledger, PartitionSample
from analytics.lifecycle import LifecycleRow
from tests.analytics.history import NOW, SITE, ask, at, only, shuffled_and_doubled, tell
from tests.analytics.lives import history, many_sites
from tests.analytics.one_of_everything import HISTORY, everything
from tests.empty_ledger import open_ledger
from tests.examples import examples

SEEDS = st.integers(0, 10_000)
SITES = 40
CAUSES = ("voluntary", "involuntary", "owner", "completed", "unknown")
OUTCOMES = ("done", "suppressed", "waiting", "failed", "open")

# Of the whole log, or of all flows: what a site adds is seen there whichever site is asked for.
OF_NO_SITE = {"conservation", "lag", "flows_paused"}


def made_up(histories: int) -> settings:
    """So many examples, however long each takes."""
    unneeded = [HealthCheck.function_scoped_fixture]
    return settings(max_examples=examples(histories), deadline=None, suppress_health_check=unneeded)


@contextmanager
def told(folders: pytest.TempPathFactory, rows: Sequence[LifecycleRow]) -> Iterator[Ledger]:
    ledger = open_ledger(folders.mktemp("told") / "ledger.duckdb")
    try:
        tell(ledger, rows)
        ledger.record_samples(NOW, [PartitionSample(topic="payments", partition=0, committed=6, end=6)])
        ledger.publish(at=NOW)
        yield ledger
    finally:
        ledger.close()


class TestOrderOfArrival:
    @made_up(1)
    @given(seed=SEEDS)
    def test_is_irrelevant_and_so_are_duplicates(
        self, seed: int, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """Any permutation and duplication of a history gives the same reports, all of them."""
        rows = [*HISTORY, *many_sites(random.Random(seed), SITES)]
        with told(tmp_path_factory, rows) as ledger:
            expected = everything(ledger)

        with told(tmp_path_factory, shuffled_and_doubled(rows, seed)) as ledger:
            assert everything(ledger) == expected


class TestAnotherSite:
    @made_up(1)
    @given(seed=SEEDS)
    def test_changes_nothing_of_ours(self, seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
        chance = random.Random(seed)
        ours, theirs = history(chance), many_sites(chance, SITES)
        with told(tmp_path_factory, ours) as ledger:
            alone = everything(ledger, site=SITE)
            tell(ledger, theirs)
            beside = everything(ledger, site=SITE)

        for report in alone.keys() - OF_NO_SITE:
            assert beside[report] == alone[report], report


# Report → what is additive in it: a period's figure is the sum of its parts'.
ADDITIVE: dict[str, tuple[str, ...]] = {
    "order_flow": ("placed", "paid", "fulfilled", "canceled", "closed", "reopened"),
    "order_status": ("orders",),
    "order_transitions": (),
    "revenue": ("paid", "refunded"),
    "churn": ("new", "churned", *CAUSES, "switched", "failed_to_start"),
    "plans": ("new", "churned"),
    "mrr": ("new", "reactivation", "expansion", "contraction", "churn"),
    "trial_conversion": ("trials", "converted", "pending"),
    "fulfillment_latency": ("finished", "open", "canceled"),
    "fulfillment_distribution": ("orders",),
    "fulfillment_by_hour": ("orders",),
    "fulfillment_rates": ("due", "late", "placed", "canceled_before", "fulfillments", "tracked"),
    "effects": ("due", *OUTCOMES),
    "suppressions": ("effects",),
    "data_quality": ("events",),
    "quota": ("calls", "parked"),
}


def sums(ledger: Ledger, report: str, names: Sequence[str], begin: float, end: float) -> dict[str, Decimal]:
    """The additive figures of a period, all rows together; of lists, how many rows."""
    period: dict[str, Any] = {"start": at(begin).isoformat(), "end": at(end).isoformat()}
    if report == "quota":
        period["grain"] = "hour"
    rows = ask(ledger, report, now=None, **period)
    return {name: sum((Decimal(str(row[name])) for row in rows), Decimal()) for name in names}


def listed(ledger: Ledger, report: str, **period: str) -> list[dict[str, Any]]:
    """All rows of a list, in one page where it comes in pages."""
    paged = {"limit": 1000} if report not in ("backlog", "set_to_cancel") else {}
    return ask(ledger, report, now=None, **period, **paged)


class TestSplitting:
    @made_up(2)
    @given(seed=SEEDS, cut=st.integers(1, 59))
    def test_a_period_is_the_sum_of_its_parts(
        self, seed: int, cut: int, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        with told(tmp_path_factory, [*HISTORY, *many_sites(random.Random(seed), SITES)]) as ledger:
            for report, names in ADDITIVE.items():
                whole = sums(ledger, report, names, -10, 60)
                parts = (sums(ledger, report, names, -10, cut), sums(ledger, report, names, cut, 60))
                assert whole == {name: parts[0][name] + parts[1][name] for name in names}, report
            lists = ("orders", "effect_log", "backlog", "dead_letters", "handovers", "set_to_cancel")
            for report in lists:
                periods = ((-10, 60), (-10, cut), (cut, 60))
                counted = [
                    len(listed(ledger, report, start=at(a).isoformat(), end=at(b).isoformat()))
                    for a, b in periods
                ]
                assert counted[0] == counted[1] + counted[2], report


class TestIdentities:
    @made_up(2)
    @given(seed=SEEDS)
    def test_hold_in_every_bucket(self, seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
        """Stock and flow, by state as well; MRR and its movements; causes; outcomes; parts of a whole."""
        with told(tmp_path_factory, [*HISTORY, *many_sites(random.Random(seed), SITES)]) as ledger:
            for kind in ("store", "subscription"):
                _check_stock_and_flow(ledger, kind)
            for grain in ("month", "week", "day"):
                _check_revenue_and_its_movements(ledger, grain)
            for by in ("none", "site", "plan"):
                for row in ask(ledger, "churn", now=None, by=by):
                    assert row["churned"] == sum(row[cause] for cause in CAUSES)
            for row in ask(ledger, "effects", now=None, grain="day"):
                assert row["due"] == sum(row[word] for word in OUTCOMES)
            _check_parts_of_a_whole(ledger)


def _check_stock_and_flow(ledger: Ledger, kind: str) -> None:
    by_state: dict[str, int] = {}
    for row in ask(ledger, "open_by_state", now=None, kind=kind):
        by_state[row["bucket_start"]] = by_state.get(row["bucket_start"], 0) + row["orders"]
    open_before = 0
    for row in ask(ledger, "order_flow", now=None, kind=kind):
        assert row["open_at_end"] == open_before + row["placed"] + row["reopened"] - row["closed"]
        assert row["open_at_end"] == by_state.get(row["bucket_start"], 0), (kind, row)
        open_before = row["open_at_end"]
    of_site: dict[str, int] = {}
    for row in ask(ledger, "order_flow", now=None, kind=kind, by="site"):
        before = of_site.get(row["group"], 0)
        assert row["open_at_end"] == before + row["placed"] + row["reopened"] - row["closed"]
        of_site[row["group"]] = row["open_at_end"]


def _check_revenue_and_its_movements(ledger: Ledger, grain: str) -> None:
    ended: dict[str, str] = {}
    for row in ask(ledger, "mrr", now=None, grain=grain):
        up = sum(Decimal(row[name]) for name in ("new", "reactivation", "expansion"))
        down = sum(Decimal(row[name]) for name in ("contraction", "churn"))
        assert all(Decimal(row[name]) >= 0 for name in ADDITIVE["mrr"])
        assert Decimal(row["at_start"]) + up - down == Decimal(row["at_end"])
        assert row["at_start"] == ended.get(row["currency"], "0.00")
        ended[row["currency"]] = row["at_end"]


def _check_parts_of_a_whole(ledger: Ledger) -> None:
    """Sites sum to all; bins and hours hold what the latency report calls finished."""
    for name in ("placed", "paid", "closed"):
        whole = sum(row[name] for row in ask(ledger, "order_flow", now=None))
        assert whole == sum(row[name] for row in ask(ledger, "order_flow", now=None, by="site"))
    latency = only(ask(ledger, "fulfillment_latency", now=None))
    binned = sum(row["orders"] for row in ask(ledger, "fulfillment_distribution", now=None))
    by_hour = sum(row["orders"] for row in ask(ledger, "fulfillment_by_hour", now=None))
    assert binned == latency["finished"]
    assert by_hour == sum(latency[name] for name in ("finished", "open", "canceled"))
