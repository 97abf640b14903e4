"""Subscriptions and their customers: trials, cohorts, survival, recurring revenue; every figure by hand."""

import math
from decimal import Decimal
from typing import Any

import pytest

from analytics.ledger import Ledger
from analytics.parameters import BadParameter
from tests.analytics.history import ask, at, only, reconciled, stay, subscription, tell

# March 2026 begins on day -1 of the histories, April on day 30, May on day 60, June on day 91.
MARCH, APRIL, MAY = at(-1), at(30), at(60)
IN_APRIL = {"start": APRIL.isoformat(), "end": MAY.isoformat()}


class TestTrials:
    # Trials of ten days. a: from 5 March, paid at its end on 15 March. b: from 27 March, paid on 6 April.
    # c: from 2 April, gives up on 7 April. d: from 25 April, ends on 5 May. e: from 11 April, ends on 21
    # April and is never paid, so far.
    HISTORY = (
        *stay("a", at(3), trial_days=10),
        *stay("b", at(25), trial_days=10),
        *stay("c", at(31), at(36), cause="MEMBER_ACTION", trial_days=10, paid="UNPAID"),
        *stay("d", at(54), trial_days=10, paid="UNPAID"),
        *stay("e", at(40), trial_days=10, paid="UNPAID"),
    )

    def test_chartmogul_follows_the_trials_begun_in_the_bucket(self, ledger: Ledger) -> None:
        """Begun in March: a and b, both have since paid. In April: c is gone, d and e may still pay."""
        tell(ledger, self.HISTORY)

        rows = ask(ledger, "trial_conversion", now=at(62))

        told = [(row["trials"], row["converted"], row["pending"], row["rate"]) for row in rows]
        assert told == [(2, 2, 0, 1.0), (3, 0, 2, 0.0), (0, 0, 0, None)]

    def test_stripe_looks_at_the_trials_ended_in_thirty_days(self, ledger: Ledger) -> None:
        """The 30 days before May are April. Ended in them: b (converted), c (gave up), e: 1 of 3."""
        tell(ledger, self.HISTORY)

        row = only(ask(ledger, "trial_conversion", now=at(62), method="stripe", **IN_APRIL))

        assert (row["trials"], row["converted"]) == (3, 1)
        assert row["rate"] == pytest.approx(1 / 3)


class TestCohorts:
    # c1 comes in March, leaves in April, is back in May. c2 comes in March and stays. c3 comes in April.
    HISTORY = (
        *stay("s1", at(0), at(40), cause="MEMBER_ACTION", contact="c1", price="30.00"),
        *stay("s2", at(65), contact="c1", price="10.00"),
        *stay("s3", at(5), contact="c2", price="30.00"),
        *stay("s4", at(35), contact="c3", price="20.00"),
    )

    def test_who_returns_stays_in_the_first_cohort(self, ledger: Ledger) -> None:
        """March: 2; at the end of March 2 are there, of April 1, of May 2. April: 1; 1 and 1."""
        tell(ledger, self.HISTORY)

        rows = ask(ledger, "cohorts", now=at(92))

        told = [(row["cohort_month"][:7], row["age_months"], row["size"], row["active"]) for row in rows]
        assert told == [
            ("2026-03", 0, 2, 2),
            ("2026-03", 1, 2, 1),
            ("2026-03", 2, 2, 2),
            ("2026-04", 0, 1, 1),
            ("2026-04", 1, 1, 1),
        ]
        assert [row["share"] for row in rows] == [1, 0.5, 1, 1, 1]

    def test_by_revenue_the_share_is_of_what_they_brought_at_first(self, ledger: Ledger) -> None:
        """March brought 60: at its end 60, at April's end 30 (c2), at May's end 10 + 30."""
        tell(ledger, self.HISTORY)

        rows = [
            row
            for row in ask(ledger, "cohorts", now=at(92), by="mrr")
            if row["cohort_month"][:7] == "2026-03"
        ]

        assert [(row["size"], row["active"]) for row in rows] == [(60, 60), (60, 30), (60, 40)]
        assert [row["share"] for row in rows] == pytest.approx([1, 1 / 2, 2 / 3])

    def test_a_cell_is_shown_once_its_month_has_ended(self, ledger: Ledger) -> None:
        """May ends in Berlin two hours before it ends in UTC."""
        tell(ledger, self.HISTORY)
        an_hour_before_june = at(91, -1)

        here = ask(ledger, "cohorts", now=an_hour_before_june)
        berlin = ask(ledger, "cohorts", now=an_hour_before_june, tz="Europe/Berlin")

        assert max(row["age_months"] for row in here) == 1
        assert max(row["age_months"] for row in berlin) == 2

    def test_a_month_begins_on_the_zones_clock(self, ledger: Ledger) -> None:
        """Came on 31 March at 23:00 UTC: in Berlin that is 1 April, 01:00."""
        tell(ledger, stay("s1", at(29, 23)))

        here, berlin = (
            [row["cohort_month"] for row in ask(ledger, "cohorts", now=at(61), tz=zone)]
            for zone in ("UTC", "Europe/Berlin")
        )

        assert here == ["2026-03-01T00:00:00Z"] * 2
        assert berlin == ["2026-04-01T00:00:00+02:00"]

    def test_paused_is_still_active_and_brings_nothing(self, ledger: Ledger) -> None:
        tell(ledger, [*stay("s1", at(0)), subscription("s1", "paused", at(20), status="PAUSED", start=at(0))])

        heads = only(ask(ledger, "cohorts", now=at(31)))
        revenue = only(ask(ledger, "cohorts", now=at(31), by="mrr"))

        assert (heads["size"], heads["active"]) == (1, 1)
        assert (revenue["size"], revenue["active"]) == (30, 0)

    def test_of_one_plan_are_those_who_hold_it(self, ledger: Ledger) -> None:
        tell(ledger, [*stay("s1", at(0), plan="Gold"), *stay("s2", at(1), at(9), plan="Silver")])

        for plan, active in (("Gold", 1), ("plan-Silver", 0)):
            row = only(ask(ledger, "cohorts", now=at(31), plan=plan))
            assert (row["size"], row["active"]) == (1, active)
        ages = {plan: ask(ledger, "survival", now=at(31), plan=plan) for plan in ("Gold", "plan-Silver")}
        assert [row["share_active"] for row in ages["Gold"]] == [1]
        assert [row["share_active"] for row in ages["plan-Silver"]] == [1, 0]

    def test_amounts_of_two_currencies_are_not_summed(self, ledger: Ledger) -> None:
        tell(ledger, [*stay("a", at(0)), *stay("b", at(0), currency="USD")])

        with pytest.raises(BadParameter, match="currency: 2 currencies can't be summed; name one"):
            ask(ledger, "cohorts", now=at(92), by="mrr")

        assert ask(ledger, "cohorts", now=at(92), by="mrr", currency="USD")[0]["size"] == 30
        assert ask(ledger, "cohorts", now=at(92))[0]["size"] == 2


class TestSurvival:
    def test_the_curve_with_its_band(self, ledger: Ledger) -> None:
        """Five lives: ended after 10, 20 and 40 days; running for 15 and 50.

        S(10) = 4/5 (5 at risk), S(20) = 4/5 × 2/3 = 8/15 (3: 20, 40, 50), S(40) = 8/15 × 1/2 = 4/15 (2).
        Greenwood's sum: 1/(5·4) = 0.05; + 1/(3·2) = 0.216667; + 1/(2·1) = 0.716667.
        The band is S ± 1.959964 · S · √sum, within 0 and 1: 0.8 ± 0.350609; 0.533333 ± 0.486567;
        0.266667 ± 0.442463.
        """
        tell(
            ledger,
            [
                *stay("a", at(0), at(10), cause="MEMBER_ACTION"),
                *stay("b", at(0), at(20), cause="MEMBER_ACTION"),
                *stay("c", at(0), at(40), cause="MEMBER_ACTION"),
                *stay("d", at(35)),
                *stay("e", at(0)),
            ],
        )

        rows = ask(ledger, "survival", now=at(50))

        assert [(row["age_days"], row["at_risk"]) for row in rows] == [(0, 5), (10, 5), (20, 3), (40, 2)]
        assert [row["share_active"] for row in rows] == pytest.approx([1, 4 / 5, 8 / 15, 4 / 15])
        assert [row["low"] for row in rows] == pytest.approx([1, 0.449391, 0.046766, 0], abs=1e-6)
        assert [row["high"] for row in rows] == pytest.approx([1, 1, 1, 0.709129], abs=1e-6)

    # x was first seen at age 30 and ended at 40, y at age 5 and ended at 20. z was seen from its first
    # day and ended at 10.
    SEEN_LATE = (
        subscription("x", "updated", at(30), start=at(0), created=at(0)),
        subscription("x", "ended", at(40), status="ENDED", start=at(0), end=at(40), created=at(0)),
        subscription("y", "updated", at(5), start=at(0), created=at(0)),
        subscription("y", "ended", at(20), status="ENDED", start=at(0), end=at(20), created=at(0)),
        *stay("z", at(0), at(10)),
    )

    def test_who_was_first_seen_at_an_age_is_at_risk_only_from_then(self, ledger: Ledger) -> None:
        """At 10: y and z are at risk, S = 1/2. At 20: only y, since x was not seen yet: S = 0."""
        tell(ledger, self.SEEN_LATE)

        rows = ask(ledger, "survival", now=at(50))

        assert [(row["age_days"], row["at_risk"], row["share_active"]) for row in rows] == [
            (0, 1, 1.0),
            (10, 2, 0.5),
            (20, 1, 0.0),
            (40, 1, 0.0),
        ]

    def test_where_the_site_was_loaded_whole_nobody_was_overlooked(self, ledger: Ledger) -> None:
        """All three are at risk from the first day: S = 2/3, 1/3, 0."""
        tell(ledger, [*self.SEEN_LATE, reconciled(at(45), at(0))])

        rows = ask(ledger, "survival", now=at(50))

        assert [(row["age_days"], row["at_risk"]) for row in rows] == [(0, 3), (10, 3), (20, 2), (40, 1)]
        assert [row["share_active"] for row in rows] == pytest.approx([1, 2 / 3, 1 / 3, 0])


def mrr_at_end(ledger: Ledger, **params: Any) -> str:
    return str(only(ask(ledger, "mrr", now=at(70), **IN_APRIL, **params))["at_end"])


class TestMonthlyValue:
    @pytest.mark.parametrize(
        ("cycle", "price", "monthly"),
        [
            (("MONTH", 1), "30.00", "30.00"),
            (("MONTH", 3), "30.00", "10.00"),  # a quarter
            (("YEAR", 1), "120.00", "10.00"),
            (("YEAR", 2), "240.00", "10.00"),
            # A month has 365.25 / 84 weeks and 365.25 / 12 days.
            (("WEEK", 1), "84.00", "365.25"),
            (("WEEK", 2), "84.00", "182.625"),
            (("DAY", 1), "12.00", "365.25"),
            (("DAY", 30), "12.00", "12.175"),
        ],
    )
    def test_of_every_length_of_a_cycle(
        self, ledger: Ledger, cycle: tuple[str, int], price: str, monthly: str
    ) -> None:
        tell(ledger, stay("a", at(0), cycle=cycle, price=price))

        assert mrr_at_end(ledger) == monthly

    @pytest.mark.parametrize(
        "more",
        [
            {"trial_days": 90},
            {"price": "0"},
            {"is_recurring": False},
            {"status": "PAUSED"},
        ],
        ids=["on trial", "free", "paid once", "paused"],
    )
    def test_of_what_brings_nothing_is_nothing(self, ledger: Ledger, more: dict[str, Any]) -> None:
        tell(ledger, [*stay("a", at(0)), subscription("b", "started", at(0), start=at(0), **more)])

        assert mrr_at_end(ledger) == "30.00"

    def test_of_what_is_active_and_not_paid_yet_counts(self, ledger: Ledger) -> None:
        tell(ledger, stay("a", at(0), paid="UNPAID"))

        assert mrr_at_end(ledger) == "30.00"

    def test_currencies_stand_apart(self, ledger: Ledger) -> None:
        tell(ledger, [*stay("a", at(0)), *stay("b", at(0), currency="USD", price="7.00")])

        rows = ask(ledger, "mrr", now=at(70), **IN_APRIL)

        assert [(row["currency"], row["at_end"]) for row in rows] == [("EUR", "30.00"), ("USD", "7.00")]

    def test_a_pause_is_a_contraction_and_its_end_an_expansion(self, ledger: Ledger) -> None:
        """Paused on 6 April, resumed on 16 April: 30 down, 30 up, and nobody left or came back."""
        tell(
            ledger,
            [
                *stay("a", at(0)),
                subscription("a", "paused", at(35), status="PAUSED", start=at(0)),
                subscription("a", "resumed", at(45), start=at(0)),
            ],
        )

        row = only(ask(ledger, "mrr", now=at(70), **IN_APRIL))

        assert (row["contraction"], row["expansion"], row["churn"], row["reactivation"]) == (
            "30.00",
            "30.00",
            "0.00",
            "0.00",
        )
        assert Decimal(row["at_start"]) == Decimal(row["at_end"]) == 30

    def test_rates_have_the_revenue_at_the_start_as_their_base(self, ledger: Ledger) -> None:
        """Without any at the start there is no rate."""
        tell(ledger, stay("a", at(31)))

        row = only(ask(ledger, "mrr", now=at(70), **IN_APRIL))

        assert (row["gross_churn_rate"], row["net_churn_rate"]) == (None, None)


class TestLoadedHistory:
    def test_what_was_over_when_it_was_loaded_counts_while_it_lasted(self, ledger: Ledger) -> None:
        """A snapshot shows one that ran from 2 March to 7 April: it was a customer, and left in April."""
        over: dict[str, Any] = {"status": "CANCELED", "cause": "MEMBER_ACTION"}
        tell(
            ledger,
            [subscription("a", "snapshot", at(36), created=at(0), start=at(0), end=at(36), **over)],
        )

        churn = only(ask(ledger, "churn", now=at(70), **IN_APRIL))
        mrr = only(ask(ledger, "mrr", now=at(70), **IN_APRIL))

        assert (churn["active_at_start"], churn["churned"], churn["failed_to_start"]) == (1, 1, 0)
        assert (mrr["at_start"], mrr["churn"], mrr["at_end"]) == ("30.00", "30.00", "0.00")

    @pytest.mark.parametrize(
        "told",
        [
            {"cause": "PAYMENT_SETUP_FAILURE"},  # the card was never charged
            {"cause": "MEMBER_ACTION", "paid": "UNPAID"},
            {"cause": "MEMBER_ACTION", "start": at(50)},  # it would have begun later
        ],
        ids=["card refused", "never paid", "not begun"],
    )
    def test_what_never_ran_was_never_a_customer(self, ledger: Ledger, told: dict[str, Any]) -> None:
        facts = {"created": at(31), "start": at(31), "end": at(36), "status": "CANCELED", **told}
        tell(ledger, [subscription("a", "snapshot", at(36), **facts)])

        churn = only(ask(ledger, "churn", now=at(70), **IN_APRIL))

        assert (churn["new"], churn["churned"], churn["failed_to_start"]) == (0, 0, 1)

    def test_what_was_paused_when_it_was_loaded_has_a_customer(self, ledger: Ledger) -> None:
        tell(ledger, [subscription("a", "snapshot", at(20), status="PAUSED", created=at(0), start=at(0))])

        assert only(ask(ledger, "churn", now=at(70), **IN_APRIL))["active_at_start"] == 1
        assert mrr_rows(ledger) == []


def mrr_rows(ledger: Ledger) -> list[dict[str, Any]]:
    """Months in which anything moved; what is paused all along moves nothing."""
    return [row for row in ask(ledger, "mrr", now=at(70)) if Decimal(row["at_end"]) > 0]


class TestPlans:
    def test_the_rate_is_of_those_who_held_the_plan_at_the_start(self, ledger: Ledger) -> None:
        """Gold in April: two at the start, one of them leaves: 1/2. Yearly Gold brings 120/12 a month."""
        tell(
            ledger,
            [
                *stay("a", at(0), at(40), cause="OWNER_ACTION", plan="Gold"),
                *stay("b", at(0), plan="Gold", price="120.00", cycle=("YEAR", 1)),
            ],
        )

        row = only(ask(ledger, "plans", now=at(70), **IN_APRIL))

        assert (row["name"], row["active"], row["churned"], row["rate"], row["mrr"]) == (
            "Gold",
            1,
            1,
            0.5,
            "10.00",
        )
        assert math.isclose(row["rate"], 1 / 2)

    def test_who_joined_and_left_within_the_period_is_in_no_rate(self, ledger: Ledger) -> None:
        """Gold in April: a holds it throughout, b changes to Silver, c and d come and go: churned 2, of the
        two at the start none is lost. Silver: e of one is lost, though f came and went as well: 1/1.
        """
        tell(
            ledger,
            [
                *stay("a", at(0), plan="Gold"),
                *stay("b1", at(0), at(40), plan="Gold", contact="b", cause="MEMBER_ACTION"),
                *stay("b2", at(40), plan="Silver", contact="b"),
                *stay("c", at(35), at(40), plan="Gold", cause="MEMBER_ACTION"),
                *stay("d", at(36), at(41), plan="Gold", cause="MEMBER_ACTION"),
                *stay("e1", at(0), at(33), plan="Silver", contact="e", cause="MEMBER_ACTION"),
                *stay("e2", at(40), at(44), plan="Silver", contact="e", cause="MEMBER_ACTION"),
                *stay("f", at(35), at(40), plan="Silver", cause="MEMBER_ACTION"),
            ],
        )

        rows = {row["name"]: row for row in ask(ledger, "plans", now=at(70), **IN_APRIL)}
        by_plan = {row["group"]: row for row in ask(ledger, "churn", now=at(70), by="plan", **IN_APRIL)}

        shown = {name: (row["active"], row["churned"], row["rate"]) for name, row in rows.items()}
        assert shown == {"Gold": (1, 2, 0.0), "Silver": (1, 3, 1.0)}
        assert {name: row["rate"] for name, row in by_plan.items()} == {"Gold": 0.0, "Silver": 1.0}
