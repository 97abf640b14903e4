"""Five methods of counting churn, on one history; every figure is worked out by hand."""

from typing import Any

import pytest

from analytics.ledger import Ledger
from analytics.lifecycle import LifecycleRow
from analytics.parameters import BadParameter
from tests.analytics.history import ask, at, only, stay, subscription, tell

# March 2026 begins on day -1 of the histories, April on day 30, May on day 60.
APRIL, MAY = at(30), at(60)
PERIOD = {"start": APRIL.isoformat(), "end": MAY.isoformat()}

# a stays. b leaves on 7 April, back on 17 April. c leaves on 12 April, and had asked on 22 March.
# d joins on 2 April and leaves on 10 April. e asked on 20 April and runs until June.
# On all of these April has A = {a, b, c, e} = 4, and N = {d} = 1.
HISTORY: list[LifecycleRow] = [
    *stay("a", at(0), contact="a"),
    *stay("b1", at(0), at(36), cause="MEMBER_ACTION", contact="b"),
    *stay("b2", at(46), contact="b"),
    subscription("c", "started", at(0), start=at(0), contact="c"),
    subscription("c", "auto_renew_canceled", at(20), start=at(0), auto_renew_canceled=True, contact="c"),
    subscription(
        "c",
        "canceled",
        at(41),
        status="CANCELED",
        cause="MEMBER_ACTION",
        start=at(0),
        end=at(41),
        auto_renew_canceled=True,
        contact="c",
    ),
    *stay("d", at(31), at(39), cause="MEMBER_ACTION", contact="d"),
    subscription("e", "started", at(0), start=at(0), contact="e"),
    subscription("e", "auto_renew_canceled", at(49), start=at(0), auto_renew_canceled=True, contact="e"),
]


# 10 May is day 69. b leaves on 5 April, c on 13 April, d on 4 May; e joins on 3 May and leaves on 7 May.
OF_TWO_MONTHS: list[LifecycleRow] = [
    *stay("a", at(0), contact="a"),
    *stay("b", at(0), at(34), contact="b", cause="MEMBER_ACTION"),
    *stay("c", at(0), at(42), contact="c", cause="MEMBER_ACTION"),
    *stay("d", at(0), at(63), contact="d", cause="MEMBER_ACTION"),
    *stay("e", at(62), at(66), contact="e", cause="MEMBER_ACTION"),
]
TWO_MONTHS = {"start": at(1).isoformat(), "end": at(69).isoformat()}


def april(ledger: Ledger, method: str, **params: Any) -> tuple[int, int]:
    row = only(ask(ledger, "churn", now=at(70), method=method, **PERIOD, **params))
    return row["numerator"], row["base"]


class TestMethods:
    @pytest.mark.parametrize(
        ("method", "numerator", "base"),
        [
            ("chartmogul", 1, 4),  # of A, only c is gone at the end: b came back
            ("stripe", 3, 5),  # 30 days before May are April: b, c, d left; A + N
            ("profitwell", 1, 3),  # b; c and d signed up and asked to leave inside one month: on neither side
            ("revenuecat", 2, 4),  # three subscriptions ended, b2 is a return
            ("gumroad", 3, 5),  # b and d left, e asked; c had asked in March
        ],
    )
    def test_count_one_april_each_in_its_way(
        self, ledger: Ledger, method: str, numerator: int, base: int
    ) -> None:
        tell(ledger, HISTORY)

        assert april(ledger, method) == (numerator, base)

    def test_side_by_side_they_are_the_same_figures(self, ledger: Ledger) -> None:
        tell(ledger, HISTORY)

        rows = ask(ledger, "churn_methods", now=at(70), **PERIOD)

        assert [(row["method"], row["numerator"], row["base"], row["rate"]) for row in rows] == [
            ("chartmogul", 1, 4, 0.25),
            ("stripe", 3, 5, 0.6),
            ("profitwell", 1, 3, pytest.approx(1 / 3)),
            ("revenuecat", 2, 4, 0.5),
            ("gumroad", 3, 5, 0.6),
        ]

    def test_all_churns_of_the_bucket_are_listed_whatever_the_method(self, ledger: Ledger) -> None:
        tell(ledger, HISTORY)

        for method in ("chartmogul", "stripe", "profitwell", "revenuecat", "gumroad"):
            row = only(ask(ledger, "churn", now=at(70), method=method, **PERIOD))
            assert (row["active_at_start"], row["churned"], row["new"]) == (4, 3, 1)
            assert (row["voluntary"], row["involuntary"], row["completed"]) == (3, 0, 0)

    def test_stripe_and_profitwell_look_back_from_the_end_whenever_the_period_began(
        self, ledger: Ledger
    ) -> None:
        """3 March to 10 May. There at the start: a, b, c, d; new: e. Without a request they left at the end,
        and where nobody said until when was paid it was until then.

        chartmogul: b, c, d of 4. stripe, since 10 April: c, d, e of a, c, d and e. profitwell, in May: d of a
        and d; e came and left in one month. revenuecat: 4 ended of 4. gumroad: b, c, d, e of 4 and e.
        """
        tell(ledger, OF_TWO_MONTHS)

        rows = ask(ledger, "churn_methods", now=at(80), **TWO_MONTHS)

        assert [(row["method"], row["numerator"], row["base"]) for row in rows] == [
            ("chartmogul", 3, 4),
            ("stripe", 3, 4),
            ("profitwell", 1, 2),
            ("revenuecat", 4, 4),
            ("gumroad", 4, 5),
        ]

    def test_without_anybody_at_the_start_there_is_no_rate(self, ledger: Ledger) -> None:
        """Before May nobody was there: every base is 0."""
        tell(ledger, stay("a", at(61)))

        rows = ask(ledger, "churn_methods", now=at(70), **PERIOD)

        assert {(row["numerator"], row["base"], row["rate"]) for row in rows} == {(0, 0, None)}

    def test_profitwell_has_no_weeks(self, ledger: Ledger) -> None:
        with pytest.raises(BadParameter, match="profitwell counts by calendar month only"):
            ask(ledger, "churn", method="profitwell", grain="week")

    def test_a_request_taken_back_is_no_churn_to_gumroad(self, ledger: Ledger) -> None:
        back = subscription("e", "updated", at(52), start=at(0), auto_renew_canceled=False, contact="e")
        tell(ledger, [*HISTORY, back])

        assert april(ledger, "gumroad") == (2, 5)


class TestDifference:
    def test_names_who_is_counted_by_one_only_and_why(self, ledger: Ledger) -> None:
        tell(ledger, HISTORY)

        rows = ask(ledger, "churn_difference", now=at(70), method="chartmogul", other="gumroad", **PERIOD)

        assert [(row["customer"], row["counted_by"], row["reason"]) for row in rows] == [
            ("b", "gumroad", "was a customer again at the end of the period"),
            ("d", "gumroad", "became a customer within the period"),
            ("c", "chartmogul", "asked to leave outside the period"),
            ("e", "gumroad", "asked to leave and is still a customer"),
        ]

    @pytest.mark.parametrize(
        ("method", "other", "found"),
        [
            (
                "chartmogul",
                "stripe",
                [
                    ("b", "chartmogul", "left outside the 30 days before the end of the period"),
                    ("e", "stripe", "became a customer within the period"),
                ],
            ),
            (
                "chartmogul",
                "profitwell",
                [
                    ("b", "chartmogul", "what was paid ends in another calendar month"),
                    ("c", "chartmogul", "what was paid ends in another calendar month"),
                ],
            ),
            (
                "stripe",
                "profitwell",
                [
                    ("c", "stripe", "what was paid ends in another calendar month"),
                    ("e", "stripe", "signed up and asked to leave in one calendar month"),
                ],
            ),
            (
                "gumroad",
                "stripe",
                [("b", "gumroad", "left outside the 30 days before the end of the period")],
            ),
            ("chartmogul", "chartmogul", []),
        ],
    )
    def test_gives_the_reason_that_two_windows_differ(
        self, ledger: Ledger, method: str, other: str, found: list[tuple[str, str, str]]
    ) -> None:
        tell(ledger, OF_TWO_MONTHS)

        rows = ask(ledger, "churn_difference", now=at(80), method=method, other=other, **TWO_MONTHS)

        assert [(row["customer"], row["counted_by"], row["reason"]) for row in rows] == found

    def test_revenuecat_counts_subscriptions_and_cannot_be_compared(self, ledger: Ledger) -> None:
        with pytest.raises(BadParameter, match="one of chartmogul, stripe, profitwell, gumroad"):
            ask(ledger, "churn_difference", other="revenuecat")
