"""What the owners of the methods publish: their own examples, or their sentences on an example of ours.

Each class names its page. Where a page gives figures, the figures are theirs.
"""

from datetime import UTC, datetime
from typing import Any

import pytest

from analytics.ledger import Ledger
from tests.analytics.history import ask, at, only, stay, subscription, tell


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def month(text: str, following: str, **params: Any) -> dict[str, Any]:
    return {"start": f"{text}-01", "end": f"{following}-01", **params}


class TestStripe:
    """https://docs.stripe.com/billing/subscriptions/analytics/glossary
    https://support.stripe.com/questions/calculating-subscriber-churn-rate-in-billing
    https://support.stripe.com/questions/calculating-trial-conversion-rate-in-billing
    https://support.stripe.com/questions/calculating-churned-revenue-in-billing
    """

    def test_a_hundred_monthly_and_fifty_yearly_subscribers_bring_12_500_a_month(
        self, ledger: Ledger
    ) -> None:
        """100 × 100 USD a month and 50 × 600 USD a year: 10 000 + 50 × 600 / 12 = 12 500 USD."""
        monthly: dict[str, Any] = {"price": "100.00", "currency": "USD"}
        yearly: dict[str, Any] = {"price": "600.00", "currency": "USD", "cycle": ("YEAR", 1)}
        rows = [row for number in range(100) for row in stay(f"a{number}", at(0), **monthly)]
        rows += [row for number in range(50) for row in stay(f"b{number}", at(0), **yearly)]
        tell(ledger, rows)

        row = only(ask(ledger, "mrr", **month("2026-04", "2026-05")))

        assert (row["currency"], row["at_end"]) == ("USD", "12500.00")

    def test_one_of_two_subscriptions_canceled_is_no_churn_both_are_one(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                *stay("s1", at(0), at(35), cause="MEMBER_ACTION", contact="one left"),
                *stay("s2", at(0), contact="one left"),
                *stay("s3", at(0), at(35), cause="MEMBER_ACTION", contact="none left"),
                *stay("s4", at(0), at(40), cause="MEMBER_ACTION", contact="none left"),
            ],
        )

        row = only(ask(ledger, "churn", method="stripe", **month("2026-04", "2026-05")))

        assert (row["numerator"], row["base"]) == (1, 2)

    def test_of_two_subscriptions_canceled_the_first_is_a_downgrade_the_second_churn(
        self, ledger: Ledger
    ) -> None:
        tell(
            ledger,
            [
                *stay("s1", at(0), at(35), cause="MEMBER_ACTION", contact="both", price="20.00"),
                *stay("s2", at(0), at(40), cause="MEMBER_ACTION", contact="both", price="30.00"),
            ],
        )

        row = only(ask(ledger, "mrr", **month("2026-04", "2026-05")))

        assert (row["at_start"], row["contraction"], row["churn"]) == ("50.00", "20.00", "30.00")

    def test_who_joins_and_leaves_inside_the_window_is_on_both_sides_and_may_leave_twice(
        self, ledger: Ledger
    ) -> None:
        """new: joins and leaves. again: there at first, leaves, returns, leaves. Three churns of two."""
        tell(
            ledger,
            [
                *stay("s1", at(32), at(38), cause="MEMBER_ACTION", contact="new"),
                *stay("s2", at(0), at(33), cause="MEMBER_ACTION", contact="again"),
                *stay("s3", at(36), at(50), cause="MEMBER_ACTION", contact="again"),
            ],
        )

        row = only(ask(ledger, "churn", method="stripe", **month("2026-04", "2026-05")))

        assert (row["numerator"], row["base"], row["rate"]) == (3, 2, 1.5)

    def test_a_trial_converts_at_its_end_if_it_was_paid_and_not_canceled(self, ledger: Ledger) -> None:
        """Whoever leaves soon after the first payment has converted all the same."""
        tell(
            ledger,
            [
                *stay("a", at(31), at(40), cause="MEMBER_ACTION", trial_days=7),
                *stay("b", at(31), at(35), cause="MEMBER_ACTION", trial_days=7),
            ],
        )

        row = only(ask(ledger, "trial_conversion", method="stripe", **month("2026-04", "2026-05")))

        assert (row["trials"], row["converted"], row["rate"]) == (2, 1, 0.5)


class TestProfitWell:
    """https://paddle.com/help/profitwell-metrics/measure/subscription-retention/churn
    https://www.paddle.com/help/profitwell-metrics/measure/subscription-retention/are-cancellations-in-the-first-month-counted-as-churn
    """

    def sarah(self, *, ends: datetime) -> list[Any]:
        """Signs up for $10 on 15 April, cancels on 8 June or before; paid until 15 June."""
        asked_at = min(day("2026-06-08"), ends)
        told: dict[str, Any] = {"start": day("2026-04-15"), "price": "10.00", "paid_until": day("2026-06-15")}
        asked: dict[str, Any] = {"auto_renew_canceled": True, "requested": asked_at}
        over: dict[str, Any] = {"status": "CANCELED", "cause": "MEMBER_ACTION", "end": ends}
        return [
            subscription("sarah", "started", day("2026-04-15"), **told),
            subscription("sarah", "auto_renew_canceled", asked_at, **told, **asked),
            subscription("sarah", "canceled", ends, **told, **asked, **over),
        ]

    def test_sarah_cancels_on_8_june_and_churns_on_the_15th(self, ledger: Ledger) -> None:
        tell(ledger, self.sarah(ends=day("2026-06-15")))

        before = ask(ledger, "mrr", now=day("2026-06-14"), grain="day", start="2026-06-12", end="2026-06-14")
        june = only(
            ask(ledger, "churn", now=day("2026-07-10"), method="profitwell", **month("2026-06", "2026-07"))
        )

        assert [row["at_end"] for row in before] == ["10.00", "10.00"]
        assert (june["numerator"], june["base"], june["voluntary"]) == (1, 1, 1)
        lost = ask(ledger, "mrr", now=day("2026-07-10"), grain="day", start="2026-06-15", end="2026-06-16")
        assert only(lost)["churn"] == "10.00"

    def test_the_end_of_the_paid_period_decides_the_month_not_the_end_itself(self, ledger: Ledger) -> None:
        """Ended on 28 May, though paid until 15 June: a churn of May to chartmogul, of June to profitwell."""
        tell(ledger, self.sarah(ends=day("2026-05-28")))
        told: dict[str, Any] = {"now": day("2026-07-10")}

        may = {
            method: only(ask(ledger, "churn", method=method, **month("2026-05", "2026-06"), **told))[
                "numerator"
            ]
            for method in ("chartmogul", "profitwell")
        }
        june = only(ask(ledger, "churn", method="profitwell", **month("2026-06", "2026-07"), **told))

        assert may == {"chartmogul": 1, "profitwell": 0}
        assert (june["numerator"], june["base"]) == (1, 1)

    def test_who_pays_on_5_december_and_leaves_on_the_6th_is_never_counted(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                *stay("a", day("2025-11-01")),
                *stay("b", day("2025-12-05"), day("2025-12-06"), cause="MEMBER_ACTION", price="100.00"),
            ],
        )
        december = month("2025-12", "2026-01")

        row = only(ask(ledger, "churn", method="profitwell", **december))

        assert (row["numerator"], row["base"]) == (0, 1)

    def test_back_before_the_paid_time_ends_is_not_churned(self, ledger: Ledger) -> None:
        """Ended on 10 April, paid until 25 April, back on 20 April: to profitwell nothing happened."""
        told: dict[str, Any] = {"start": day("2026-03-05"), "paid_until": day("2026-04-25"), "contact": "c"}
        over: dict[str, Any] = {"status": "CANCELED", "cause": "MEMBER_ACTION", "end": day("2026-04-10")}
        tell(
            ledger,
            [
                subscription("s1", "started", day("2026-03-05"), **told),
                subscription("s1", "canceled", day("2026-04-10"), **told, **over),
                *stay("s2", day("2026-04-20"), contact="c"),
            ],
        )

        row = only(ask(ledger, "churn", method="profitwell", **month("2026-04", "2026-05")))

        assert (row["churned"], row["numerator"], row["base"]) == (1, 0, 1)


class TestRevenueCat:
    """https://www.revenuecat.com/docs/dashboard-and-metrics/charts/churn-chart: subscriptions lost by those
    active at the start, where whoever resubscribed is not lost.
    """

    def test_more_returns_than_ends_are_a_negative_rate(self, ledger: Ledger) -> None:
        """Two run at the start of April; none ends in it. Two who had left in March are back: −2 / 2."""
        tell(
            ledger,
            [
                *stay("a", at(0)),
                *stay("b", at(0)),
                *stay("c1", at(0), at(20), cause="MEMBER_ACTION", contact="c"),
                *stay("c2", at(35), contact="c"),
                *stay("d1", at(0), at(21), cause="MEMBER_ACTION", contact="d"),
                *stay("d2", at(36), contact="d"),
            ],
        )

        row = only(ask(ledger, "churn", method="revenuecat", **month("2026-04", "2026-05")))

        assert (row["numerator"], row["base"], row["rate"]) == (-2, 2, -1.0)


class TestGumroad:
    """https://github.com/antiwork/gumroad/issues/13: canceled in the period by those active at its beginning
    and those new in it.
    """

    def test_new_ones_widen_the_base(self, ledger: Ledger) -> None:
        """Three at the start, two new ones; one asks to leave and runs on, one new one leaves: 2 / 5."""
        asked: dict[str, Any] = {"auto_renew_canceled": True, "requested": at(44)}
        tell(
            ledger,
            [
                *stay("a", at(0)),
                *stay("b", at(0)),
                *stay("c", at(0)),
                subscription("c", "auto_renew_canceled", at(45), start=at(0), **asked),
                *stay("d", at(33)),
                *stay("e", at(34), at(50), cause="MEMBER_ACTION"),
            ],
        )

        row = only(ask(ledger, "churn", method="gumroad", **month("2026-04", "2026-05")))

        assert (row["numerator"], row["base"], row["rate"]) == (2, 5, 0.4)

    def test_a_request_taken_back_is_none(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                *stay("a", at(0)),
                subscription("a", "auto_renew_canceled", at(35), start=at(0), auto_renew_canceled=True),
                subscription("a", "updated", at(37), start=at(0), auto_renew_canceled=False),
            ],
        )

        row = only(ask(ledger, "churn", method="gumroad", **month("2026-04", "2026-05")))

        assert (row["numerator"], row["base"]) == (0, 1)


class TestChartMogul:
    """https://dev.chartmogul.com/reference/retrieve-customer-churn-rate (the figure, no example of it): of
    the customers at the start of a period, the share that is lost at its end. With figures of theirs:
    https://help.chartmogul.com/hc/en-us/articles/201244842
    https://help.chartmogul.com/hc/en-us/articles/203359341-Metric-MRR-Churn-Rate
    https://help.chartmogul.com/hc/en-us/articles/115000865205-Metric-Trial-to-paid-conversion-rate
    """

    def test_syncalytics_comes_expands_contracts_churns_and_is_back(self, ledger: Ledger) -> None:
        """Four Gold a year for 2 000 USD: 166.67 a month; two Silver for 60 more, for two weeks; the year
        ends; three Gold for 50 a month: 150.
        """
        yearly: dict[str, Any] = {"price": "2000.00", "cycle": ("YEAR", 1), "plan": "Gold"}
        told: dict[str, Any] = {"currency": "USD", "contact": "syncalytics", "cause": "MEMBER_ACTION"}
        tell(
            ledger,
            [
                *stay("gold", day("2025-03-10"), day("2026-03-10"), **yearly, **told),
                *stay("silver", day("2025-03-14"), day("2025-03-28"), price="60.00", plan="Silver", **told),
                *stay("again", day("2026-03-20"), price="150.00", **{**told, "cause": None}),
            ],
        )

        first, last = (
            only(ask(ledger, "mrr", **month(*months)))
            for months in (("2025-03", "2025-04"), ("2026-03", "2026-04"))
        )

        moved = ("new", "reactivation", "expansion", "contraction", "churn", "at_end")
        assert [first[name] for name in moved] == [
            *("166.666667", "0.00", "60.00", "60.00", "0.00"),
            "166.666667",
        ]
        assert [last[name] for name in moved] == [*("0.00", "150.00", "0.00", "0.00", "166.666667"), "150.00"]

    def test_of_100_ten_churned_ten_contracted_and_ten_expanded_gross_is_20_net_10_percent(
        self, ledger: Ledger
    ) -> None:
        """Four customers bring 10, 20, 30 and 40: the first leaves, the second pays 10, the third 40."""
        changed: dict[str, Any] = {"start": at(0)}
        tell(
            ledger,
            [
                *stay("a", at(0), at(35), cause="MEMBER_ACTION", price="10.00"),
                *stay("b", at(0), price="20.00"),
                *stay("c", at(0), price="30.00"),
                *stay("d", at(0), price="40.00"),
                subscription("b", "updated", at(40), price="10.00", **changed),
                subscription("c", "updated", at(41), price="40.00", **changed),
            ],
        )

        row = only(ask(ledger, "mrr", **month("2026-04", "2026-05")))

        assert row["at_start"] == "100.00"
        assert (row["gross_churn_rate"], row["net_churn_rate"]) == (0.2, 0.1)

    def test_of_ten_trials_begun_in_may_2015_five_became_paying_half_converted(self, ledger: Ledger) -> None:
        """The other five left on the 12th, before their two weeks were over."""
        begun = [day(f"2015-05-{number + 1:02}") for number in range(10)]
        rows = [
            row
            for number, begin in enumerate(begun)
            for row in stay(f"t{number}", begin, None if number < 5 else day("2015-05-12"), trial_days=14)
        ]
        tell(ledger, rows)

        row = only(ask(ledger, "trial_conversion", **month("2015-05", "2015-06")))

        assert (row["trials"], row["converted"], row["rate"]) == (10, 5, 0.5)

    @pytest.mark.parametrize(("begin", "end", "lost"), [(0, 35, 1), (31, 35, 0)])
    def test_only_who_was_there_at_the_start_can_be_lost(
        self, ledger: Ledger, begin: int, end: int, lost: int
    ) -> None:
        tell(ledger, [*stay("a", at(0)), *stay("b", at(begin), at(end), cause="MEMBER_ACTION")])

        row = only(ask(ledger, "churn", **month("2026-04", "2026-05")))

        assert (row["numerator"], row["churned"]) == (lost, 1)
