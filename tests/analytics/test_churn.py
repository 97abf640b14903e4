"""Churn: the unit is the customer. Each history is small enough to be counted by hand."""

from datetime import timedelta
from typing import Any

import pytest

from analytics.ledger import Ledger
from analytics.reports import Reports
from tests.analytics.history import (
    OTHER_SITE,
    SITE,
    ask,
    at,
    only,
    stay,
    subscription,
    tell,
)

# March 2026 begins on day -1 of the histories, April on day 30, May on day 60.
MARCH, APRIL, MAY = at(-1), at(30), at(60)


def april(ledger: Ledger, **params: Any) -> dict[str, Any]:
    given = {"start": APRIL.isoformat(), "end": MAY.isoformat(), **params}
    return only(ask(ledger, "churn", now=at(70), **given))


class TestChartMogul:
    def test_a_month_worked_out_by_hand(self, ledger: Ledger) -> None:
        """Four customers at the start of April; two leave, one joins, one joins and leaves.

        A = {a, b, c, d} = 4. b and c are not active at the end: numerator 2, rate 2/4.
        Churns of the month by any customer: b, c and the joined-and-churned f: 3. New: e and f.
        """
        tell(
            ledger,
            [
                *stay("a", at(0)),
                *stay("b", at(0), at(35), cause="MEMBER_ACTION"),
                *stay("c", at(5), at(40), cause="PAYMENT_FAILURE"),
                *stay("d", at(10)),
                *stay("e", at(31)),
                *stay("f", at(32), at(45), cause="OWNER_ACTION"),
            ],
        )

        row = april(ledger)

        assert (row["active_at_start"], row["base"], row["numerator"], row["rate"]) == (4, 4, 2, 0.5)
        assert (row["new"], row["churned"]) == (2, 3)
        assert (row["voluntary"], row["involuntary"], row["owner"], row["completed"], row["unknown"]) == (
            1,
            1,
            1,
            0,
            0,
        )
        assert row["is_partial"] is False

    def test_churned_and_back_in_one_month_is_a_churn_but_not_in_the_rate(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                *stay("s1", at(0), at(35), cause="MEMBER_ACTION", contact="c1"),
                *stay("s2", at(40), contact="c1"),
            ],
        )

        row = april(ledger)

        assert (row["churned"], row["numerator"], row["base"], row["rate"]) == (1, 0, 1, 0.0)

    def test_without_customers_at_the_start_there_is_no_rate(self, ledger: Ledger) -> None:
        tell(ledger, stay("a", at(31)))

        row = april(ledger)

        assert (row["base"], row["rate"], row["new"]) == (0, None, 1)

    @pytest.mark.parametrize(
        ("cause", "name"),
        [
            ("MEMBER_ACTION", "voluntary"),
            ("PAYMENT_FAILURE", "involuntary"),
            ("PAYMENT_SETUP_FAILURE", "involuntary"),
            ("OWNER_ACTION", "owner"),
            (None, "completed"),  # the term was over
            ("UNDEFINED", "unknown"),
            ("SOMETHING_NEW", "unknown"),
        ],
    )
    def test_every_cause_has_one_name(self, ledger: Ledger, cause: str | None, name: str) -> None:
        tell(ledger, stay("a", at(0), at(35), cause=cause))

        row = april(ledger)

        causes = {each: row[each] for each in ("voluntary", "involuntary", "owner", "completed", "unknown")}
        assert causes == {each: int(each == name) for each in causes}
        assert row["churned"] == 1


class TestTheLastToEnd:
    def test_gives_the_churn_its_week_and_its_cause(self, ledger: Ledger) -> None:
        """One subscription ends on 5 April, the other on Saturday, 11 April, of the week from the 6th."""
        tell(
            ledger,
            [
                *stay("s1", at(0), at(34), cause="MEMBER_ACTION", contact="c1"),
                *stay("s2", at(0), at(40), cause="PAYMENT_FAILURE", contact="c1"),
            ],
        )

        weeks = ask(ledger, "churn", now=at(70), grain="week", start=APRIL.isoformat(), end=MAY.isoformat())

        churned = [
            (row["bucket_start"][:10], row["voluntary"], row["involuntary"])
            for row in weeks
            if row["churned"]
        ]
        assert churned == [("2026-04-06", 0, 1)]


class TestSwitching:
    @pytest.mark.parametrize(
        ("gap_hours", "switched", "churned"),
        [(0, 1, 0), (23, 1, 0), (24, 1, 0), (25, 0, 1)],
    )
    def test_a_new_subscription_within_a_day_is_no_churn(
        self, ledger: Ledger, gap_hours: float, switched: int, churned: int
    ) -> None:
        tell(
            ledger,
            [
                *stay("s1", at(0), at(35), cause="MEMBER_ACTION", contact="c1"),
                *stay("s2", at(35, gap_hours), contact="c1"),
            ],
        )

        row = april(ledger)

        assert (row["switched"], row["churned"], row["new"]) == (switched, churned, 0)

    def test_how_soon_is_a_setting(self, ledger: Ledger) -> None:
        """Two days later: a churn to the report of a day, a switch to one that waits for three."""
        tell(
            ledger,
            [
                *stay("s1", at(0), at(35), cause="MEMBER_ACTION", contact="c1"),
                *stay("s2", at(37), contact="c1"),
            ],
        )
        ledger.publish(at=at(70))
        period = {"start": [APRIL.isoformat()], "end": [MAY.isoformat()]}

        for days, switched, churned in ((1, 0, 1), (3, 1, 0)):
            reports = Reports(ledger, switch_within=timedelta(days=days))
            row = only(reports.run("churn", period).table.to_pylist())
            assert (row["switched"], row["churned"]) == (switched, churned)

    def test_one_of_two_subscriptions_ending_is_neither(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                *stay("s1", at(0), at(35), cause="MEMBER_ACTION", contact="c1"),
                *stay("s2", at(10), contact="c1"),
            ],
        )

        row = april(ledger)

        assert (row["switched"], row["churned"], row["active_at_start"]) == (0, 0, 1)

    def test_until_the_day_has_passed_the_end_counts_and_the_bucket_is_partial(self, ledger: Ledger) -> None:
        """Ended 30 April at 12:00. At 1 May 11:00 it is churn, and might still become a switch."""
        tell(ledger, stay("s1", at(0), at(59, 12), cause="MEMBER_ACTION"))
        period = {"start": APRIL.isoformat(), "end": MAY.isoformat()}

        early = only(ask(ledger, "churn", now=at(60, 11), **period))
        later = only(ask(ledger, "churn", now=at(60, 13), **period))

        assert (early["churned"], early["is_partial"]) == (1, True)
        assert (later["churned"], later["is_partial"]) == (1, False)


class TestWhoIsACustomer:
    def test_a_trial_a_free_plan_and_a_single_payment_make_no_paying_customer(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                *stay("trial", at(0), at(33), cause="MEMBER_ACTION", trial_days=40),
                *stay("free", at(0), price="0"),
                *stay("once", at(0), is_recurring=False),
            ],
        )

        assert (april(ledger)["active_at_start"], april(ledger)["churned"]) == (0, 0)
        assert (
            april(ledger, population="all")["active_at_start"],
            april(ledger, population="all")["churned"],
        ) == (3, 1)

    def test_who_keeps_a_free_plan_has_churned_as_a_paying_customer(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                *stay("s1", at(0), at(34), cause="MEMBER_ACTION", contact="c1"),
                *stay("s2", at(0), contact="c1", price="0"),
            ],
        )

        assert (april(ledger)["churned"], april(ledger, population="all")["churned"]) == (1, 0)

    def test_whose_first_cycle_was_free_pays_from_the_second_on(self, ledger: Ledger) -> None:
        """Begun on 2 March with a coupon for the whole first month; priced from 2 April on."""
        tell(
            ledger,
            [
                subscription("a", "started", at(0), start=at(0), price="0"),
                subscription("a", "cycle_started", at(31), start=at(0)),
            ],
        )

        months = ask(ledger, "churn", now=at(70), start=MARCH.isoformat(), end=MAY.isoformat())
        of_all = april(ledger, population="all")
        revenue = ask(ledger, "mrr", now=at(70), start=MARCH.isoformat(), end=MAY.isoformat())

        assert [(row["active_at_start"], row["new"]) for row in months] == [(0, 0), (0, 1)]
        assert [row["new"] for row in revenue] == ["0.00", "30.00"]
        assert (of_all["active_at_start"], of_all["new"]) == (1, 0)

    def test_a_trial_counts_from_its_end(self, ledger: Ledger) -> None:
        tell(ledger, stay("a", at(25), trial_days=7))

        row = april(ledger)

        assert (row["active_at_start"], row["new"]) == (0, 1)

    def test_paused_and_set_to_cancel_are_not_churned(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                *stay("a", at(0)),
                subscription("a", "paused", at(35), status="PAUSED", start=at(0)),
                *stay("b", at(0)),
                subscription("b", "auto_renew_canceled", at(35), auto_renew_canceled=True, start=at(0)),
            ],
        )

        row = april(ledger)

        assert (row["active_at_start"], row["churned"], row["numerator"]) == (2, 0, 0)

    @pytest.mark.parametrize("status", ["DRAFT", "PENDING"])
    def test_who_never_started_failed_to_start(self, ledger: Ledger, status: str) -> None:
        tell(
            ledger,
            [
                subscription("a", "created", at(31), status=status, paid="UNPAID"),
                subscription("a", "canceled", at(33), status="CANCELED", cause="PAYMENT_FAILURE", end=at(33)),
            ],
        )

        row = april(ledger)

        assert (row["failed_to_start"], row["churned"], row["new"]) == (1, 0, 0)

    def test_canceled_and_ended_of_one_order_are_one_end(self, ledger: Ledger) -> None:
        over: dict[str, Any] = {"status": "CANCELED", "cause": "MEMBER_ACTION", "start": at(0), "end": at(35)}
        told = [subscription("a", what, at(35, 1), **over) for what in ("updated", "canceled", "ended")]
        tell(ledger, [*stay("a", at(0)), *told])

        assert april(ledger)["churned"] == 1

    def test_customers_are_counted_per_site(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                *stay("a", at(0), at(35), cause="MEMBER_ACTION", contact="c1"),
                *stay("b", at(0), contact="c1", site=OTHER_SITE),
            ],
        )

        assert (april(ledger)["active_at_start"], april(ledger)["numerator"]) == (2, 1)
        assert april(ledger, site=OTHER_SITE)["numerator"] == 0


class TestGroups:
    def test_by_plan_a_churn_belongs_to_the_plan_that_ended(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                *stay("a", at(0), plan="Gold"),
                *stay("b", at(0), at(35), cause="MEMBER_ACTION", plan="Silver"),
                *stay("c", at(0), plan="Silver"),
            ],
        )

        rows = ask(ledger, "churn", now=at(70), by="plan", start=APRIL.isoformat(), end=MAY.isoformat())

        assert [(row["group"], row["active_at_start"], row["churned"], row["rate"]) for row in rows] == [
            ("Gold", 1, 0, 0.0),
            ("Silver", 2, 1, 0.5),
        ]

    def test_by_site_each_has_its_own_customers(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                *stay("a", at(0), contact="c1"),
                *stay("b", at(0), at(35), cause="MEMBER_ACTION", contact="c1", site=OTHER_SITE),
                *stay("c", at(0), contact="c2", site=OTHER_SITE),
            ],
        )

        rows = ask(ledger, "churn", now=at(70), by="site", start=APRIL.isoformat(), end=MAY.isoformat())

        assert [(row["group"], row["active_at_start"], row["churned"], row["rate"]) for row in rows] == [
            (SITE, 1, 0, 0.0),
            (OTHER_SITE, 2, 1, 0.5),
        ]
