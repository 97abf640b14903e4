"""What holds for every number: instants, unfinished buckets, clocks ahead, how values are spelled."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from analytics.ledger import Ledger
from analytics.questions import QUESTIONS
from analytics.rendering import as_json
from analytics.reports import Reports
from tests.analytics.history import ask, at, installed, only, payment, stay, store_order, tell
from tests.analytics.one_of_everything import OF_ITS_OWN

# March 2026 begins on day -1 of the histories, April on day 30, May on day 60, June on day 91.
MARCH, APRIL, MAY, JUNE = at(-1), at(30), at(60), at(91)
LATER = at(95)


def month(begin: datetime, end: datetime) -> dict[str, str]:
    return {"start": begin.isoformat(), "end": end.isoformat()}


class TestInstants:
    """Active at an instant means just before it: a came as April began, b left as May began."""

    HISTORY = (*stay("a", APRIL), *stay("b", at(0), MAY, cause="MEMBER_ACTION"))

    @pytest.mark.parametrize(
        ("method", "april", "may"),
        [
            ("chartmogul", (0, 1), (1, 2)),
            ("stripe", (0, 2), (0, 1)),  # the 30 days before June begin on 2 May, when b had left
            ("profitwell", (0, 1), (1, 2)),
            ("revenuecat", (0, 1), (1, 2)),
            ("gumroad", (0, 2), (1, 2)),
        ],
    )
    def test_who_comes_as_a_month_begins_is_new_in_it_who_leaves_then_was_there(
        self, ledger: Ledger, method: str, april: tuple[int, int], may: tuple[int, int]
    ) -> None:
        """Numerator and base of each method."""
        tell(ledger, self.HISTORY)

        rows = [
            only(ask(ledger, "churn", now=LATER, method=method, **period))
            for period in (month(APRIL, MAY), month(MAY, JUNE))
        ]

        assert [(row["active_at_start"], row["new"], row["churned"]) for row in rows] == [
            (1, 1, 0),
            (2, 0, 1),
        ]
        seen = [(row["numerator"], row["base"]) for row in rows]
        assert seen == [april, may]

    def test_revenue_of_an_instant_is_that_of_just_before(self, ledger: Ledger) -> None:
        tell(ledger, self.HISTORY)

        rows = ask(ledger, "mrr", now=LATER, **month(APRIL, JUNE))

        moved = [(row["at_start"], row["new"], row["churn"], row["at_end"]) for row in rows]
        assert moved == [("30.00", "30.00", "0.00", "60.00"), ("60.00", "0.00", "30.00", "30.00")]

    def test_a_plan_is_held_until_just_before_the_end_of_the_period(self, ledger: Ledger) -> None:
        tell(ledger, self.HISTORY)

        row = only(ask(ledger, "plans", now=LATER, **month(APRIL, MAY)))

        assert (row["active"], row["new"], row["churned"], row["mrr"]) == (2, 1, 0, "60.00")

    def test_a_cohort_is_looked_at_just_before_its_month_ends(self, ledger: Ledger) -> None:
        """b, of March: there at the end of March and of April, not of May."""
        tell(ledger, self.HISTORY)

        rows = [
            row for row in ask(ledger, "cohorts", now=LATER) if row["cohort_month"] == "2026-03-01T00:00:00Z"
        ]

        assert [row["active"] for row in rows] == [1, 1, 0]


class TestUnfinishedBuckets:
    @pytest.mark.parametrize(
        "report", ["order_flow", "revenue", "churn", "mrr", "trial_conversion", "fulfillment_latency"]
    )
    def test_are_those_that_a_sites_beginning_or_the_present_cuts(self, ledger: Ledger, report: str) -> None:
        """Installed on 11 April, looked at on 10 June: only May is whole. March is listed all the same."""
        tell(
            ledger,
            [
                installed(at(40)),
                *stay("a", at(41), trial_days=3),
                payment("t1", "a", at(45)),
                store_order("o1", "approved", at(42), paid="PAID"),
            ],
        )

        rows = ask(ledger, report, now=at(100), start=MARCH.isoformat(), grain="month")

        assert [(row["bucket_start"][:7], row["is_partial"]) for row in rows] == [
            ("2026-03", True),
            ("2026-04", True),
            ("2026-05", False),
            ("2026-06", True),
        ]


class TestQuiet:
    def test_a_site_without_a_history_has_zeros_where_things_are_counted_and_no_rates(
        self, ledger: Ledger
    ) -> None:
        """The app was installed, and nothing happened since: three days of zeros, nothing to divide by."""
        tell(ledger, [installed(at(0))])
        period = {"start": at(0).isoformat(), "end": at(3).isoformat()}

        flow = ask(ledger, "order_flow", now=at(5), **period)
        churn = only(ask(ledger, "churn", now=at(5), **period))
        rates = only(ask(ledger, "fulfillment_rates", now=at(5), **period))
        site = only(ask(ledger, "sites", now=at(5)))

        assert [(row["placed"], row["open_at_end"]) for row in flow] == [(0, 0)] * 3
        assert (churn["active_at_start"], churn["churned"], churn["rate"]) == (0, 0, None)
        assert (rates["due"], rates["late_rate"], rates["cancel_rate"]) == (0, None, None)
        assert (site["orders"], site["late"], site["p50_hours"]) == (0, 0, None)
        for listed in ("orders", "backlog", "mrr", "cohorts", "survival", "set_to_cancel"):
            assert ask(ledger, listed, now=at(5), **period) == []


class TestClocks:
    def test_what_is_dated_after_now_has_not_happened(self, ledger: Ledger) -> None:
        """An order and a payment of tomorrow's date: a clock is ahead."""
        tell(ledger, [store_order("o1", "approved", at(1), paid="PAID"), payment("t1", "o1", at(1))])
        begin, noon = at(0).isoformat(), at(0, 12)

        assert only(ask(ledger, "order_flow", now=noon, start=begin))["placed"] == 0
        assert only(ask(ledger, "revenue", now=noon, start=begin))["paid"] == "0.00"
        assert only(ask(ledger, "fulfillment_latency", now=noon, start=begin))["open"] == 0
        placed = [row["placed"] for row in ask(ledger, "order_flow", now=at(2), start=begin)]
        assert placed == [0, 1]


class TestMoney:
    def test_has_six_places_inside(self, ledger: Ledger) -> None:
        tell(ledger, [payment(f"t{number}", f"o{number}", at(0), amount="0.333333") for number in range(3)])

        assert only(ask(ledger, "revenue", now=at(1)))["paid"] == "0.999999"


# What the name of a column says about its values, and about its unit.
TIMES = ("at", "since", "bucket_start", "cohort_month", "observed_from")
RATES = ("rate", "share", "within_target", "share_active", "low", "high")


def promised_type(name: str) -> tuple[str, str] | None:
    """Type and unit that a column of that name has, where its name says so."""
    if name in TIMES or name.endswith("_at"):
        return "time", ""
    if name.endswith("_hours"):
        return "number", "hours"
    if name.endswith("_seconds"):
        return "number", "seconds"
    if name in RATES or name.endswith("_rate"):
        return "number", "fraction"
    if name.startswith("is_"):
        return "boolean", ""
    return None


class TestSpelling:
    def test_a_columns_type_and_unit_are_what_its_name_says(self) -> None:
        columns = [(question.name, column) for question in QUESTIONS.values() for column in question.columns]

        told = {
            (report, column.name): (column.type.value.replace("local_time", "time"), column.unit)
            for report, column in columns
        }

        expected = {key: promised_type(key[1]) for key in told if promised_type(key[1])}
        assert len(expected) > 80
        assert {key: told[key] for key in expected} == expected

    def test_times_are_iso_8601_hours_floats_money_a_decimal_text_and_the_unknown_null(
        self, told_everything: Ledger
    ) -> None:
        reports, seen = Reports(told_everything), set()
        for name in QUESTIONS:
            body = as_json(
                reports.run(name, {key: [value] for key, value in OF_ITS_OWN.get(name, {}).items()})
            )
            assert list(body) == ["report", "version", "as_of", "columns", "rows"]
            types = {column["name"]: column["type"] for column in body["columns"]}
            for row in body["rows"]:
                assert list(row) == list(types), name
                for column, value in row.items():
                    assert value is None or _is_spelled(types[column], value), (name, column, value)
                    seen.add(types[column] if value is not None else "null")

        assert seen == {"time", "text", "money", "integer", "number", "boolean", "null"}


def _is_spelled(kind: str, value: Any) -> bool:
    match kind:
        case "time":
            return datetime.fromisoformat(value).utcoffset() == timedelta(0) and value.endswith("Z")
        case "money":
            return isinstance(value, str) and Decimal(value).is_finite()
        case "integer":
            return type(value) is int
        case "number":
            return type(value) is float
        case "boolean":
            return type(value) is bool
        case _:
            return type(value) is str
