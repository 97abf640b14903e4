"""fulfillment_latency, its distribution, and the backlog, worked out by hand."""

from typing import Any

import pytest

from analytics.ledger import Ledger
from tests.analytics.history import OTHER_SITE, ask, at, only, shipments, store_order, tell

NOW = at(10)


def latency(ledger: Ledger, **params: Any) -> dict[str, Any]:
    return only(ask(ledger, "fulfillment_latency", now=NOW, **params))


def handed_over_before_paid(ledger: Ledger) -> int:
    alarms = {row["alarm"]: row["events"] for row in ask(ledger, "data_quality", now=NOW)}
    return int(alarms["fulfilled_before_paid"])


def shipped(order: str, paid_day: float, hours: float, **more: Any) -> list[Any]:
    """An order paid then, and handed over that many hours later."""
    done = at(paid_day, hours)
    return [
        store_order(order, "approved", at(paid_day), paid="PAID", **more),
        shipments(order, done, (f"parcel of {order}", done, {"1": 1}, None), **more),
    ]


class TestLatency:
    def test_five_orders_worked_out_by_hand(self, ledger: Ledger) -> None:
        """At day 10: took 10, 20 and 80 h; open since 100 h; canceled after 15 h.

        Finished only: p50 of (10, 20, 80) = 20, p90 = 80.
        Kaplan–Meier: 10 h: S = 4/5; 15 h: one leaves; 20 h: 3 at risk, S = 8/15; 80 h: 2 at risk,
        S = 4/15. So p50 is 80 and p90 is not reached: p90 > 100 h.
        Within 72 h: of 10, 20, 80 and the open one that is due (the canceled one left before): 2 of 4.
        """
        tell(
            ledger,
            [
                *shipped("o1", 1, 10),
                *shipped("o2", 1, 20),
                *shipped("o3", 1, 80),
                store_order("open", "approved", at(10, -100), paid="PAID"),
                store_order("gone", "approved", at(2), paid="PAID"),
                store_order("gone", "canceled", at(2, 15), status="CANCELED", paid="PAID"),
            ],
        )

        row = latency(ledger)

        assert (row["finished"], row["open"], row["canceled"]) == (3, 1, 1)
        assert (row["p50_hours"], row["p90_hours"]) == (20, 80)
        assert (row["km_p50_hours"], row["km_p90_hours"]) == (80, None)
        assert row["within_target"] == 0.5
        assert row["is_estimate"] is False

    def test_an_open_order_that_is_not_due_yet_is_not_judged(self, ledger: Ledger) -> None:
        tell(ledger, [*shipped("o1", 1, 10), store_order("young", "approved", at(9), paid="PAID")])

        assert latency(ledger)["within_target"] == 1.0
        assert latency(ledger, target_hours=24)["within_target"] == 0.5

    def test_the_target_itself_is_within_it_and_who_was_canceled_after_it_is_not(
        self, ledger: Ledger
    ) -> None:
        """Took 72 h; took a second longer; canceled after 96 h, when it was due already: 1 of 3."""
        tell(
            ledger,
            [
                *shipped("o1", 1, 72),
                *shipped("o2", 1, 72 + 1 / 3600),
                store_order("gone", "approved", at(1), paid="PAID"),
                store_order("gone", "canceled", at(5), status="CANCELED", paid="PAID"),
            ],
        )

        assert latency(ledger)["within_target"] == pytest.approx(1 / 3)

    def test_a_day_without_orders_has_no_figures(self, ledger: Ledger) -> None:
        tell(ledger, shipped("o1", 1, 10))

        row = latency(ledger, grain="day", start=at(2).isoformat(), end=at(3).isoformat())

        assert (row["finished"], row["open"], row["canceled"]) == (0, 0, 0)
        assert (row["p50_hours"], row["km_p50_hours"], row["within_target"]) == (None, None, None)

    def test_the_first_milestone_decides_the_bucket_or_the_second_when_asked(self, ledger: Ledger) -> None:
        """Paid on Tuesday, handed over on Wednesday."""
        tell(ledger, shipped("o1", 1, 30))
        days: dict[str, Any] = {
            "grain": "day",
            "start": at(1).isoformat(),
            "end": at(3).isoformat(),
            "now": NOW,
        }

        by_start = ask(ledger, "fulfillment_latency", **days)
        by_finish = ask(ledger, "fulfillment_latency", basis="finish", **days)

        assert [row["finished"] for row in by_start] == [1, 0]
        assert [row["finished"] for row in by_finish] == [0, 1]
        assert by_start[1]["p50_hours"] is None

    def test_paid_after_it_was_handed_over_took_no_time(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                store_order("o1", "approved", at(0)),
                shipments("o1", at(1), ("p1", at(1), {"1": 1}, None)),
                store_order("o1", "payment_status_updated", at(2), paid="PAID"),
            ],
        )

        assert latency(ledger)["p50_hours"] == 0
        assert handed_over_before_paid(ledger) == 1

    def test_paid_after_its_first_parcel_took_that_step_no_time(self, ledger: Ledger) -> None:
        """Two units: one goes on day 1, paid on day 2, the other goes on day 3."""
        first, second = ("p1", at(1), {"1": 1}, None), ("p2", at(3), {"1": 1}, None)
        two: dict[str, Any] = {"lines": [("1", 2)]}
        tell(
            ledger,
            [
                store_order("o1", "approved", at(0), **two),
                shipments("o1", at(1), first),
                store_order("o1", "payment_status_updated", at(2), paid="PAID", **two),
                shipments("o1", at(3), first, second),
            ],
        )

        took = {
            step: latency(ledger, step=step)["p50_hours"]
            for step in ("paid_first_fulfilled", "paid_fulfilled")
        }

        assert took == {"paid_first_fulfilled": 0, "paid_fulfilled": 24}
        assert handed_over_before_paid(ledger) == 1

    def test_every_step_runs_from_its_first_to_its_second_milestone(self, ledger: Ledger) -> None:
        """Placed 0 h, paid 1 h, first parcel 3 h, all handed over 7 h, tracked 20 h."""
        first, second = ("p1", at(0, 3), {"1": 1}, None), ("p2", at(0, 7), {"1": 1}, None)
        tell(
            ledger,
            [
                store_order("o1", "created", at(0), status="PENDING", lines=[("1", 2)]),
                store_order("o1", "approved", at(0, 1), paid="PAID", lines=[("1", 2)], created=at(0)),
                shipments("o1", at(0, 3), first),
                shipments("o1", at(0, 7), first, second),
                shipments("o1", at(0, 20), first, (*second[:3], "TRACK")),
            ],
        )

        took = {
            step: latency(ledger, step=step)["p50_hours"]
            for step in (
                "placed_paid",
                "paid_first_fulfilled",
                "paid_fulfilled",
                "placed_fulfilled",
                "fulfilled_tracked",
            )
        }

        assert took == {
            "placed_paid": 1,
            "paid_first_fulfilled": 2,
            "paid_fulfilled": 6,
            "placed_fulfilled": 7,
            "fulfilled_tracked": 13,
        }

    def test_payment_on_delivery_is_no_payment(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(0))])

        row = latency(ledger)

        assert (row["finished"], row["open"]) == (0, 0)

    def test_one_line_per_site_when_asked(self, ledger: Ledger) -> None:
        tell(ledger, [*shipped("o1", 1, 10), *shipped("o2", 1, 20, site=OTHER_SITE)])

        rows = ask(ledger, "fulfillment_latency", now=NOW, by="site")

        assert [row["p50_hours"] for row in rows] == [10, 20]


class TestDistributionAndBacklog:
    def test_bins_double_and_quiet_ones_between_are_listed(self, ledger: Ledger) -> None:
        """Half an hour, and five hours: bins 0–1, 1–2, 2–4 and 4–8."""
        tell(ledger, [*shipped("o1", 1, 0.5), *shipped("o2", 1, 5)])

        rows = ask(ledger, "fulfillment_distribution", now=NOW)

        assert [(row["from_hours"], row["to_hours"], row["orders"]) for row in rows] == [
            (0, 1, 1),
            (1, 2, 0),
            (2, 4, 0),
            (4, 8, 1),
        ]

    def test_the_backlog_is_what_was_paid_and_is_open(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                *shipped("o1", 1, 5),
                store_order("o2", "approved", at(9), paid="PAID"),
                store_order("o3", "approved", at(9)),
            ],
        )

        row = only(ask(ledger, "backlog", now=NOW))

        assert (row["order_id"], row["age_hours"], row["hours_left"]) == ("o2", 24, 48)
