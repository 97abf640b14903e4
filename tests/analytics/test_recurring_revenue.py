"""Recurring revenue, cohorts, trials and survival: small histories, every figure by hand."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.ledger import Ledger
from analytics.lifecycle import LifecycleRow
from tests.analytics.history import ask, at, only, payment, stay, subscription, tell
from tests.empty_ledger import open_ledger
from tests.examples import examples

# March 2026 begins on day -1 of the histories, April on day 30, May on day 60.
APRIL, MAY = at(30), at(60)
PERIOD = {"start": APRIL.isoformat(), "end": MAY.isoformat()}
MOVEMENTS = ("new", "reactivation", "expansion", "contraction", "churn")


class TestMrr:
    def test_a_month_of_movements(self, ledger: Ledger) -> None:
        """At the start a, b, c, p bring 30 each: 120.

        April: n comes with 30 (new). b leaves: 30 (churn) and is back with 20 (reactivation).
        a rises to 50: 20 (expansion). c falls to 10: 20 (contraction). p pauses: 30 (contraction).
        At the end: 120 + 30 + 20 + 20 − 50 − 30 = 110.
        """
        tell(
            ledger,
            [
                *stay("a", at(0)),
                subscription("a", "updated", at(35), start=at(0), price="50.00"),
                *stay("b", at(0), at(36), cause="MEMBER_ACTION", contact="b"),
                *stay("b2", at(50), contact="b", price="20.00"),
                *stay("c", at(0)),
                subscription("c", "updated", at(37), start=at(0), price="10.00"),
                *stay("p", at(0)),
                subscription("p", "paused", at(38), start=at(0), status="PAUSED"),
                *stay("n", at(40)),
            ],
        )

        row = only(ask(ledger, "mrr", now=at(70), **PERIOD))

        assert (row["at_start"], row["at_end"]) == ("120.00", "110.00")
        assert {name: row[name] for name in MOVEMENTS} == {
            "new": "30.00",
            "reactivation": "20.00",
            "expansion": "20.00",
            "contraction": "50.00",
            "churn": "30.00",
        }
        # (30 + 50) / 120, and less 20 + 20.
        assert row["gross_churn_rate"] == pytest.approx(80 / 120)
        assert row["net_churn_rate"] == pytest.approx(40 / 120)

    def test_a_trial_brings_nothing_until_it_is_over(self, ledger: Ledger) -> None:
        tell(ledger, stay("a", at(25), trial_days=10))

        row = only(ask(ledger, "mrr", now=at(70), **PERIOD))

        assert (row["at_start"], row["new"], row["at_end"]) == ("0.00", "30.00", "30.00")

    @settings(
        max_examples=examples(4), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        lives=st.lists(
            st.tuples(st.integers(0, 50), st.integers(1, 60), st.integers(0, 3), st.integers(1, 12).map(str)),
            min_size=1,
            max_size=60,
        )
    )
    def test_what_moved_is_the_difference_of_start_and_end(
        self, lives: list[tuple[int, int, int, str]], tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        ledger = open_ledger(Path(tmp_path_factory.mktemp("mrr")) / "ledger.duckdb")
        rows: list[LifecycleRow] = []
        for number, (begin, days, price, contact) in enumerate(lives):
            rows += stay(f"s{number}", at(begin), at(begin + days), price=str(10 * price), contact=contact)
        try:
            tell(ledger, rows)
            for row in ask(ledger, "mrr", now=at(120), grain="week"):
                up = sum(Decimal(row[name]) for name in ("new", "reactivation", "expansion"))
                down = sum(Decimal(row[name]) for name in ("contraction", "churn"))
                assert Decimal(row["at_start"]) + up - down == Decimal(row["at_end"])
        finally:
            ledger.close()


class TestCohorts:
    def test_who_came_in_march_is_followed_month_by_month(self, ledger: Ledger) -> None:
        """Three in March: one left in April, one in March itself. Shown: ends of March, April, May."""
        tell(
            ledger,
            [
                *stay("a", at(0)),
                *stay("b", at(1), at(35), cause="MEMBER_ACTION"),
                *stay("c", at(2), at(12), cause="MEMBER_ACTION"),
            ],
        )

        rows = ask(ledger, "cohorts", now=at(95))

        assert [(row["age_months"], row["size"], row["active"]) for row in rows] == [
            (0, 3, 2),
            (1, 3, 1),
            (2, 3, 1),
        ]


class TestSurvival:
    def test_running_subscriptions_are_counted_only_as_long_as_they_were_seen(self, ledger: Ledger) -> None:
        """Ended at 10 and 20 days, running for 15 and 30: S(10) = 3/4, S(20) = 3/4 × 1/2."""
        tell(
            ledger,
            [
                *stay("a", at(0), at(10), cause="MEMBER_ACTION"),
                *stay("b", at(0), at(20), cause="MEMBER_ACTION"),
                *stay("c", at(15)),
                *stay("d", at(0)),
            ],
        )

        rows = ask(ledger, "survival", now=at(30))

        assert [(row["age_days"], row["at_risk"], row["share_active"]) for row in rows] == [
            (0, 4, 1.0),
            (10, 4, 0.75),
            (20, 2, 0.375),
        ]


class TestTrials:
    def test_of_three_trials_one_paid_one_left_one_runs(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                *stay("a", at(31), trial_days=7),
                *stay("b", at(32), at(35), cause="MEMBER_ACTION", trial_days=7),
                *stay("c", at(58), trial_days=30),
            ],
        )

        row = only(ask(ledger, "trial_conversion", now=at(65), **PERIOD))

        assert (row["trials"], row["converted"], row["pending"]) == (3, 1, 1)
        assert row["rate"] == pytest.approx(1 / 3)


class TestMoney:
    def test_revenue_counts_a_payment_when_it_came_and_a_refund_when_it_went(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                payment("t1", "s1", at(31)),
                payment("t2", "s2", at(32)),
                payment("t2", "s2", at(61), status="REFUNDED"),
            ],
        )

        rows = ask(ledger, "revenue", now=at(70), grain="month")

        assert [(row["paid"], row["refunded"], row["orders"]) for row in rows] == [
            ("60.00", "0.00", 2),
            ("0.00", "30.00", 0),
        ]

    def test_set_to_cancel_lists_what_will_be_lost(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                *stay("a", at(0)),
                subscription("a", "auto_renew_canceled", at(5), start=at(0), auto_renew_canceled=True),
                *stay("b", at(0)),
            ],
        )

        row = only(ask(ledger, "set_to_cancel", now=at(10)))

        assert (row["order_id"], row["mrr"], row["requested_at"]) == ("a", "30.00", "2026-03-07T00:00:00Z")

    def test_set_to_cancel_begins_with_those_who_end_first(self, ledger: Ledger) -> None:
        for name, day in (("a", 32), ("b", 30), ("c", 31)):
            leaving: dict[str, Any] = {"start": at(0), "auto_renew_canceled": True, "paid_until": at(day)}
            tell(ledger, [*stay(name, at(0)), subscription(name, "auto_renew_canceled", at(5), **leaving)])

        rows = ask(ledger, "set_to_cancel", now=at(10))

        assert [(row["order_id"], row["ends_at"][:10]) for row in rows] == [
            ("b", "2026-04-01"),
            ("c", "2026-04-02"),
            ("a", "2026-04-03"),
        ]

    def test_plans_show_who_holds_them_and_who_left(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                *stay("a", at(0), plan="Gold"),
                *stay("b", at(0), at(35), cause="MEMBER_ACTION", plan="Gold"),
                *stay("c", at(40), plan="Silver", price="9.00"),
            ],
        )

        rows = ask(ledger, "plans", now=at(70), **PERIOD)

        told = [
            (row["name"], row["active"], row["new"], row["churned"], row["rate"], row["mrr"]) for row in rows
        ]
        assert told == [("Gold", 1, 0, 1, 0.5, "30.00"), ("Silver", 1, 1, 0, None, "9.00")]
