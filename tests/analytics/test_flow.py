"""order_flow and order_status: flow, stock, buckets in a zone, unfinished buckets."""

from datetime import UTC, datetime
from typing import Any

from analytics.ledger import Ledger
from tests.analytics.history import (
    NOW,
    OTHER_SITE,
    ask,
    at,
    installed,
    only,
    shipments,
    stay,
    store_order,
    tell,
)


def flow(ledger: Ledger, **params: Any) -> list[dict[str, Any]]:
    return ask(ledger, "order_flow", **{"start": at(0).isoformat(), "end": at(4).isoformat(), **params})


def figures(row: dict[str, Any]) -> tuple[int, ...]:
    names = ("placed", "paid", "fulfilled", "canceled", "closed", "reopened", "open_at_end")
    return tuple(row[name] for name in names)


class TestFlow:
    def test_counts_each_milestone_in_the_bucket_in_which_it_happened(self, ledger: Ledger) -> None:
        """o1: placed Monday, paid and shipped Tuesday. o2: placed Monday, canceled Wednesday."""
        tell(
            ledger,
            [
                store_order("o1", "approved", at(0)),
                store_order("o1", "payment_status_updated", at(1), paid="PAID"),
                shipments("o1", at(1, 5), ("p1", at(1, 5), {"1": 1}, None)),
                store_order("o2", "approved", at(0, 3)),
                store_order("o2", "canceled", at(2), status="CANCELED"),
            ],
        )

        rows = flow(ledger)

        assert [row["bucket_start"][:10] for row in rows] == [
            "2026-03-02",
            "2026-03-03",
            "2026-03-04",
            "2026-03-05",
        ]
        #                placed paid fulfilled canceled closed reopened open
        assert figures(rows[0]) == (2, 0, 0, 0, 0, 0, 2)
        assert figures(rows[1]) == (0, 1, 1, 0, 1, 0, 1)
        assert figures(rows[2]) == (0, 0, 0, 1, 1, 0, 0)
        assert figures(rows[3]) == (0, 0, 0, 0, 0, 0, 0)

    def test_an_order_closed_twice_was_reopened_once(self, ledger: Ledger) -> None:
        """Shipped Tuesday, the fulfillment deleted Wednesday, shipped again Thursday.

        `fulfilled` counts the present stretch alone (Thursday); stock follows every turn.
        """
        tell(
            ledger,
            [
                store_order("o1", "approved", at(0)),
                shipments("o1", at(1), ("p1", at(1), {"1": 1}, None)),
                shipments("o1", at(2)),
                shipments("o1", at(3), ("p2", at(3), {"1": 1}, None)),
            ],
        )

        rows = flow(ledger)

        assert [row["fulfilled"] for row in rows] == [0, 0, 0, 1]
        assert [row["closed"] for row in rows] == [0, 1, 0, 1]
        assert [row["reopened"] for row in rows] == [0, 0, 1, 0]
        assert [row["open_at_end"] for row in rows] == [1, 0, 1, 0]

    def test_stock_begins_with_what_was_open_before_the_period(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(-5)), store_order("o2", "approved", at(1))])

        rows = flow(ledger)

        assert [row["open_at_end"] for row in rows] == [1, 2, 2, 2]

    def test_a_subscription_that_ran_its_term_is_fulfilled_one_that_ended_before_is_canceled(
        self, ledger: Ledger
    ) -> None:
        tell(
            ledger,
            [*stay("s1", at(0), at(1)), *stay("s2", at(0), at(2), cause="OWNER_ACTION"), *stay("s3", at(3))],
        )

        rows = flow(ledger, kind="subscription")

        assert [row["placed"] for row in rows] == [2, 0, 0, 1]
        assert [row["fulfilled"] for row in rows] == [0, 1, 0, 0]
        assert [row["canceled"] for row in rows] == [0, 0, 1, 0]
        assert [row["closed"] for row in rows] == [0, 1, 1, 0]
        assert [row["open_at_end"] for row in rows] == [2, 1, 0, 1]

    def test_one_line_per_site_when_asked(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [store_order("o1", "approved", at(0)), store_order("o2", "approved", at(0), site=OTHER_SITE)],
        )

        rows = flow(ledger, by="site", end=at(1).isoformat())

        assert {row["group"]: row["placed"] for row in rows} == {row["group"]: 1 for row in rows}
        assert len(rows) == 2
        assert only(flow(ledger, end=at(1).isoformat()))["placed"] == 2


class TestBuckets:
    def test_days_are_cut_in_the_zone_and_carry_its_offset(self, ledger: Ledger) -> None:
        """23:30 UTC on Monday is Tuesday in Berlin (+01:00)."""
        tell(ledger, [store_order("o1", "approved", at(0, 23.5))])

        rows = flow(
            ledger, tz="Europe/Berlin", start="2026-03-02T00:00:00+01:00", end="2026-03-04T00:00:00+01:00"
        )

        assert [(row["bucket_start"], row["placed"]) for row in rows] == [
            ("2026-03-02T00:00:00+01:00", 0),
            ("2026-03-03T00:00:00+01:00", 1),
        ]

    def test_the_day_the_clock_changes_has_23_hours_and_is_one_bucket(self, ledger: Ledger) -> None:
        """Berlin, 29 March 2026: from 02:00 to 03:00. The last order is of the 30th, 00:30 local (+02:00)."""
        tell(
            ledger,
            [
                store_order("o1", "approved", datetime(2026, 3, 28, 23, 0, tzinfo=UTC)),  # 29th 00:00 +01:00
                store_order("o2", "approved", datetime(2026, 3, 29, 21, 59, tzinfo=UTC)),  # 29th 23:59 +02:00
                store_order("o3", "approved", datetime(2026, 3, 29, 22, 30, tzinfo=UTC)),  # 30th 00:30 +02:00
            ],
        )
        period = {
            "start": "2026-03-29T00:00:00+01:00",
            "end": "2026-03-31T00:00:00+02:00",
            "tz": "Europe/Berlin",
        }

        rows = flow(ledger, **period)
        hours = flow(ledger, **{**period, "grain": "hour", "end": "2026-03-30T00:00:00+02:00"})

        assert [(row["bucket_start"], row["placed"]) for row in rows] == [
            ("2026-03-29T00:00:00+01:00", 2),
            ("2026-03-30T00:00:00+02:00", 1),
        ]
        assert len(hours) == 23
        assert sum(row["placed"] for row in hours) == 2

    def test_weeks_begin_on_monday(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(6, 23)), store_order("o2", "approved", at(7))])

        rows = flow(ledger, grain="week", end=at(14).isoformat())

        assert [(row["bucket_start"][:10], row["placed"]) for row in rows] == [
            ("2026-03-02", 1),
            ("2026-03-09", 1),
        ]

    def test_without_start_they_begin_with_the_first_order_and_end_with_now(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(57, 5))])

        rows = ask(ledger, "order_flow", now=NOW)

        assert [row["bucket_start"][:10] for row in rows] == ["2026-04-28", "2026-04-29", "2026-04-30"]

    def test_what_the_present_or_the_period_cuts_is_partial(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(-10))])

        rows = ask(ledger, "order_flow", now=at(3, 12), start=at(0, 6).isoformat(), end=at(9).isoformat())

        # Monday is cut by start, Thursday by now; days that have not come are not listed.
        assert [row["is_partial"] for row in rows] == [True, False, False, True]
        assert [row["is_partial"] for row in flow(ledger, end=at(1, 12).isoformat())] == [False, True]

    def test_what_lies_before_a_site_was_observed_is_partial(self, ledger: Ledger) -> None:
        """Installed on Tuesday at 06:00: Monday and Tuesday tell nothing whole."""
        tell(ledger, [installed(at(1, 6)), store_order("o1", "approved", at(2))])

        rows = flow(ledger)

        assert [row["is_partial"] for row in rows] == [True, True, False, False]

    def test_an_empty_ledger_answers(self, ledger: Ledger) -> None:
        assert ask(ledger, "order_status") == []
        assert sum(row["placed"] for row in flow(ledger)) == 0
