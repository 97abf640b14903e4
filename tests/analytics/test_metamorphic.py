"""What no change of delivery may change, and what must add up, on one history of everything."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.ledger import Ledger, PartitionSample
from analytics.lifecycle import LifecycleRow
from tests.analytics.history import NOW, OTHER_SITE, ask, at, shuffled_and_doubled, tell
from tests.analytics.one_of_everything import HISTORY, everything
from tests.empty_ledger import open_ledger


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Every report over the history told in order."""
    return told_to_a_new_ledger(tmp_path_factory.mktemp("ordered"), HISTORY)


def told_to_a_new_ledger(folder: Path, rows: Sequence[LifecycleRow]) -> dict[str, list[dict[str, Any]]]:
    ledger = open_ledger(folder / "ledger.duckdb")
    try:
        tell(ledger, rows)
        ledger.record_samples(NOW, [PartitionSample(topic="payments", partition=0, committed=6, end=6)])
        return everything(ledger)
    finally:
        ledger.close()


class TestOrderOfArrival:
    @settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(seed=st.integers(0, 10_000))
    def test_is_irrelevant_and_so_are_duplicates(
        self, seed: int, expected: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """Any permutation and duplication of a history gives the same reports."""
        told = shuffled_and_doubled(HISTORY, seed)

        assert told_to_a_new_ledger(tmp_path_factory.mktemp("shuffled"), told) == expected

    def test_an_unrelated_site_changes_nothing_of_ours(self, ledger: Ledger) -> None:
        ours = [row for row in HISTORY if row.instance_id != OTHER_SITE]
        site = ours[0].instance_id
        tell(ledger, ours)
        alone = everything(ledger, site=site)

        tell(ledger, [row for row in HISTORY if row.instance_id == OTHER_SITE])

        assert everything(ledger, site=site) == alone


class TestIdentities:
    def test_hold_on_every_bucket(self, ledger: Ledger) -> None:
        """Stock and flow; causes sum to churned; due is the sum of what became of it."""
        tell(ledger, HISTORY)

        for kind in ("store", "subscription"):
            open_before = 0
            for row in ask(ledger, "order_flow", kind=kind):
                assert row["open_at_end"] == open_before + row["placed"] + row["reopened"] - row["closed"]
                open_before = row["open_at_end"]
        for row in ask(ledger, "churn"):
            causes = ("voluntary", "involuntary", "owner", "completed", "unknown")
            assert row["churned"] == sum(row[cause] for cause in causes)
        for row in ask(ledger, "effects", grain="day"):
            outcomes = ("done", "suppressed", "waiting", "failed", "open")
            assert row["due"] == sum(row[outcome] for outcome in outcomes)

    def test_a_split_period_adds_up(self, ledger: Ledger) -> None:
        tell(ledger, HISTORY)
        whole = {"start": at(0), "end": at(28)}
        halves = [{"start": at(0), "end": at(14)}, {"start": at(14), "end": at(14) + timedelta(days=14)}]

        def placed(period: dict[str, Any]) -> int:
            stamps = {key: moment.isoformat() for key, moment in period.items()}
            return sum(row["placed"] for row in ask(ledger, "order_flow", **stamps))

        assert placed(whole) == sum(placed(half) for half in halves) == 3
