"""Store orders and subscriptions: states, milestones, the order of events; each worked out by hand."""

import json
from dataclasses import replace
from typing import Any

import pytest

from analytics.ledger import Ledger
from analytics.lifecycle import Pause, SubscriptionFacts
from tests.analytics.history import (
    MONDAY,
    OTHER_SITE,
    SITE,
    ask,
    at,
    only,
    payment,
    shipments,
    stay,
    store_order,
    subscription,
    tell,
)


def the_order(ledger: Ledger, order_id: str = "o1", **params: Any) -> dict[str, Any]:
    (row,) = [row for row in ask(ledger, "orders", **params) if row["order_id"] == order_id]
    return row


class TestStateOfAStoreOrder:
    @pytest.mark.parametrize(
        ("status", "fulfilled", "state"),
        [
            ("PENDING", "NOT_FULFILLED", "placed"),
            ("APPROVED", "NOT_FULFILLED", "approved"),
            ("APPROVED", "PARTIALLY_FULFILLED", "partially_fulfilled"),
            ("APPROVED", "FULFILLED", "fulfilled"),
            ("CANCELED", "FULFILLED", "canceled"),
            ("REJECTED", "NOT_FULFILLED", "rejected"),
            ("ON_HOLD", "NOT_FULFILLED", "unknown"),  # a word that Wix has not told us about
        ],
    )
    def test_follows_the_status_and_what_was_shipped(
        self, ledger: Ledger, status: str, fulfilled: str, state: str
    ) -> None:
        tell(ledger, [store_order("o1", "updated", at(0), status=status, fulfilled=fulfilled)])

        order = the_order(ledger)

        assert (order["state"], order["status"]) == (state, status)

    def test_a_draft_is_listed_only_when_asked_for(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "created", at(0), status="INITIALIZED")])

        assert ask(ledger, "orders") == []
        assert ask(ledger, "order_status") == []
        assert only(ask(ledger, "orders", state="draft"))["order_id"] == "o1"
        assert only(ask(ledger, "order_status", drafts="true"))["state"] == "draft"

    def test_quantities_of_its_fulfillments_say_more_than_its_own_older_word(self, ledger: Ledger) -> None:
        """Two units ordered: one shipped at noon, the other at 18:00."""
        noon, evening = at(1, 12), at(1, 18)
        first, second = ("p1", noon, {"1": 1}, None), ("p2", evening, {"1": 1}, None)
        tell(
            ledger,
            [
                store_order("o1", "approved", at(0), lines=[("1", 2)], paid="PAID"),
                shipments("o1", noon, first),
            ],
        )
        assert the_order(ledger)["state"] == "partially_fulfilled"

        tell(ledger, [shipments("o1", evening, first, second)])

        order = the_order(ledger)
        assert order["state"] == "fulfilled"
        assert order["first_fulfilled_at"] == "2026-03-03T12:00:00Z"
        assert order["fulfilled_at"] == "2026-03-03T18:00:00Z"

    def test_its_own_older_word_does_not_outlive_a_deleted_fulfillment(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [store_order("o1", "fulfilled", at(1), fulfilled="FULFILLED"), shipments("o1", at(2))],
        )

        assert the_order(ledger)["state"] == "approved"

    def test_its_own_newer_word_counts_where_nothing_has_to_be_shipped(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                store_order("o1", "approved", at(0), paid="PAID"),
                store_order("o1", "fulfilled", at(0, 1), paid="PAID", fulfilled="FULFILLED"),
            ],
        )

        order = the_order(ledger)

        assert (order["state"], order["fulfilled_at"]) == ("fulfilled", "2026-03-02T01:00:00Z")

    def test_an_order_of_plans_alone_is_no_store_order(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(0), is_plan_order=True)])

        assert ask(ledger, "orders") == []

    def test_an_order_that_only_its_fulfillments_told_of_is_unknown(self, ledger: Ledger) -> None:
        tell(ledger, [shipments("o1", at(0), ("p1", at(0), {"1": 1}, None))])

        order = the_order(ledger)

        assert (order["state"], order["placed_at"]) == ("unknown", None)


class TestMilestones:
    def test_a_deleted_fulfillment_undoes_fulfilled_until_it_happens_again(self, ledger: Ledger) -> None:
        shipped = ("p1", at(1), {"1": 1}, "TRACK1")
        tell(
            ledger,
            [
                store_order("o1", "approved", at(0), paid="PAID"),
                shipments("o1", at(1), shipped),
                shipments("o1", at(2)),
            ],
        )
        undone = the_order(ledger)
        assert (undone["state"], undone["fulfilled_at"], undone["tracked_at"]) == ("approved", None, None)

        tell(ledger, [shipments("o1", at(3), ("p2", at(3), {"1": 1}, "TRACK2"))])

        again = the_order(ledger)
        assert again["fulfilled_at"] == again["tracked_at"] == "2026-03-05T00:00:00Z"

    def test_paid_is_cleared_when_undone_but_not_by_a_refund(self, ledger: Ledger) -> None:
        paid = store_order("o1", "payment_status_updated", at(1), paid="PAID")
        tell(ledger, [store_order("o1", "approved", at(0)), paid])
        assert the_order(ledger)["paid_at"] == "2026-03-03T00:00:00Z"

        tell(ledger, [store_order("o1", "updated", at(2), paid="FULLY_REFUNDED")])
        assert the_order(ledger)["paid_at"] == "2026-03-03T00:00:00Z"

        tell(ledger, [store_order("o1", "updated", at(3), paid="NOT_PAID")])
        assert the_order(ledger)["paid_at"] is None

    def test_tracking_that_came_later_is_dated_when_it_came(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                store_order("o1", "approved", at(0)),
                shipments("o1", at(1), ("p1", at(1), {"1": 1}, None)),
                shipments("o1", at(4), ("p1", at(1), {"1": 1}, "TRACK1")),
            ],
        )

        order = the_order(ledger)

        assert order["fulfilled_at"] == "2026-03-03T00:00:00Z"
        assert order["tracked_at"] == "2026-03-06T00:00:00Z"

    def test_placed_is_when_the_order_was_created_at_wix(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(0, 5), created=at(0, 2))])

        assert the_order(ledger)["placed_at"] == "2026-03-02T02:00:00Z"

    def test_what_an_import_shows_as_done_was_done_at_an_unknown_time(self, ledger: Ledger) -> None:
        imported = store_order("o1", "snapshot", at(9), paid="PAID", fulfilled="FULFILLED", created=at(0))
        tell(ledger, [imported])

        order = the_order(ledger)

        assert (order["state"], order["fulfilled_at"], order["paid_at"]) == ("fulfilled", None, None)
        for step in ("placed_fulfilled", "placed_paid"):
            latency = only(ask(ledger, "fulfillment_latency", step=step))
            assert (latency["finished"], latency["open"]) == (0, 0)

    def test_a_subscription_goes_through_trial_payment_and_cancellation(self, ledger: Ledger) -> None:
        """Trial of 7 days from Monday; paid on the 8th day; canceled on the 20th, ended on the 39th."""
        told: dict[str, Any] = {"start": at(0), "trial_days": 7, "contact": "c1"}
        tell(
            ledger,
            [
                subscription("s1", "created", at(0), status="DRAFT", paid="UNPAID", contact="c1"),
                subscription("s1", "started", at(0, 1), paid="NOT_APPLICABLE", **told),
                subscription("s1", "cycle_started", at(7), **told),
                subscription(
                    "s1", "auto_renew_canceled", at(20), auto_renew_canceled=True, requested=at(19), **told
                ),
            ],
        )
        assert the_order(ledger, "s1")["state"] == "set_to_cancel"
        over = {
            **told,
            "status": "CANCELED",
            "cause": "MEMBER_ACTION",
            "auto_renew_canceled": True,
            "end": at(39),
        }
        tell(
            ledger, [subscription("s1", what, at(39, 2), **over) for what in ("updated", "canceled", "ended")]
        )

        order = the_order(ledger, "s1")

        assert order["started_at"] == "2026-03-02T00:00:00Z"
        assert order["trial_ends_at"] == "2026-03-09T00:00:00Z"
        assert order["first_paid_at"] == "2026-03-09T00:00:00Z"
        assert order["set_to_cancel_at"] == "2026-03-21T00:00:00Z"
        assert order["ended_at"] == "2026-04-10T00:00:00Z"
        assert (order["state"], order["end_cause"], order["customer"]) == ("canceled", "voluntary", "c1")

    def test_auto_renew_back_undoes_set_to_cancel(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                subscription("s1", "started", at(0)),
                subscription("s1", "auto_renew_canceled", at(5), auto_renew_canceled=True),
                subscription("s1", "updated", at(6), auto_renew_canceled=False),
            ],
        )

        order = the_order(ledger, "s1")

        assert (order["state"], order["set_to_cancel_at"]) == ("active", None)

    def test_pauses_are_intervals(self, ledger: Ledger) -> None:
        """Paused on the 5th, resumed on the 11th; paused again on the 13th."""
        row = subscription("s1", "paused", at(11), status="PAUSED", start=at(0))
        assert isinstance(row.facts, SubscriptionFacts)
        pauses = (Pause(paused_at=at(3), resumed_at=at(9)), Pause(paused_at=at(11)))
        tell(ledger, [replace(row, facts=replace(row.facts, pauses=pauses))])

        shown = json.loads(the_order(ledger, "s1")["pauses"])

        assert shown == [
            {"paused_at": "2026-03-05T00:00:00Z", "resumed_at": "2026-03-11T00:00:00Z"},
            {"paused_at": "2026-03-13T00:00:00Z"},
        ]

    def test_a_subscription_ended_when_wix_says_unless_that_is_yet_to_come(self, ledger: Ledger) -> None:
        """Told on the 12th that they are over: by their end dates since the 11th, and from the 14th on."""
        told: list[Any] = []
        for order, end in (("s1", at(9)), ("s2", at(12))):
            told += stay(order, at(0))
            told.append(subscription(order, "ended", at(10), status="ENDED", start=at(0), end=end))
        tell(ledger, told)

        ended = {row["order_id"]: row["ended_at"] for row in ask(ledger, "orders")}

        assert ended == {"s1": "2026-03-11T00:00:00Z", "s2": "2026-03-12T00:00:00Z"}


class TestOrdersReport:
    def test_pages_hold_every_order_once(self, ledger: Ledger) -> None:
        tell(ledger, [store_order(f"o{day}", "approved", at(day)) for day in range(5)])

        seen: list[str] = []
        cursor: dict[str, Any] = {}
        while True:
            page = ask(ledger, "orders", limit=2, **cursor)
            seen += [row["order_id"] for row in page]
            if page[-1]["next_cursor"] is None:
                break
            cursor = {"cursor": page[-1]["next_cursor"]}

        assert seen == ["o4", "o3", "o2", "o1", "o0"]

    def test_late_is_open_and_paid_longer_ago_than_the_target(self, ledger: Ledger) -> None:
        """At day 10: paid 80 h ago is late, 70 h ago is not, 80 h ago but shipped is not."""
        now = at(10)
        tell(
            ledger,
            [
                store_order("late", "approved", at(10, -80), paid="PAID"),
                store_order("young", "approved", at(10, -70), paid="PAID"),
                store_order("shipped", "approved", at(10, -80), paid="PAID", fulfilled="FULFILLED"),
            ],
        )

        assert only(ask(ledger, "orders", now=now, late="true"))["order_id"] == "late"
        assert {row["order_id"] for row in ask(ledger, "orders", now=now, late="false")} == {
            "young",
            "shipped",
        }
        assert only(ask(ledger, "orders", now=now, late="true", target_hours=60.5, search="young"))

    def test_search_finds_by_id_number_customer_and_tracking_number(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                store_order("o1", "approved", at(0), number="10001", contact="c1"),
                shipments("o1", at(1), ("p1", at(1), {"1": 1}, "TRACK1")),
                store_order("o2", "approved", at(0), number="10002", contact="c2"),
            ],
        )

        for word in ("o1", "10001", "c1", "TRACK1"):
            assert only(ask(ledger, "orders", search=word))["order_id"] == "o1"
        assert ask(ledger, "orders", search="TRACK") == []

    def test_search_for_a_customer_finds_what_was_bought_under_any_of_their_ids(self, ledger: Ledger) -> None:
        """c1 and m1 are one customer, by the name of c1."""
        tell(
            ledger,
            [
                store_order("o1", "approved", at(0), contact="c1", member="m1"),
                store_order("o2", "approved", at(1), member="m1"),
                store_order("o3", "approved", at(2), contact="c2"),
            ],
        )

        assert {row["order_id"] for row in ask(ledger, "orders", search="c1")} == {"o1", "o2"}

    def test_filters_narrow_by_site_kind_currency_and_period(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                store_order("o1", "approved", at(0)),
                store_order("o2", "approved", at(0), site=OTHER_SITE, currency="USD"),
                subscription("s1", "started", at(3)),
            ],
        )

        assert only(ask(ledger, "orders", site=OTHER_SITE))["order_id"] == "o2"
        assert only(ask(ledger, "orders", currency="USD"))["order_id"] == "o2"
        assert only(ask(ledger, "orders", kind="subscription"))["order_id"] == "s1"
        # Half-open: what happened at the end is not in the period.
        assert (
            only(ask(ledger, "orders", start=MONDAY.isoformat(), end=at(3).isoformat(), site=SITE))[
                "order_id"
            ]
            == "o1"
        )

    def test_money_is_a_decimal_string_beside_its_currency(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(0), total="1234.5")])

        order = the_order(ledger)

        assert (order["amount"], order["currency"]) == ("1234.50", "EUR")


class TestTimeline:
    def test_tells_everything_about_one_order_with_the_hours_between(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                subscription("s1", "started", at(0)),
                payment("t1", "s1", at(0, 6)),
                subscription("another", "started", at(0)),
            ],
        )

        rows = ask(ledger, "order_timeline", order_id="s1")

        assert [(row["what"], row["status"]) for row in rows] == [
            ("started", "ACTIVE"),
            ("transaction_status_changed", "APPROVED"),
        ]
        assert [row["since_previous_hours"] for row in rows] == [None, 6.0]
