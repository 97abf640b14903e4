"""Whose each subscription is, and whether it is their only one: kept up with who turns out to be one."""

from typing import Any

import pytest

from analytics.ledger import Ledger
from tests.analytics.history import NOW, ask, at, shipments, stay, store_order, tell

METHODS = ("chartmogul", "stripe", "profitwell", "revenuecat", "gumroad")


def memberships(ledger: Ledger) -> dict[str, tuple[str, bool]]:
    found = ledger._connection.execute("select order_id, customer, is_only from memberships").fetchall()
    return {order: (customer, is_only) for order, customer, is_only in found}


class TestMemberships:
    def test_a_second_subscription_ends_being_the_only_one(self, ledger: Ledger) -> None:
        tell(ledger, stay("s1", at(0), at(2), contact="c1"))
        assert memberships(ledger) == {"s1": ("c1", True)}

        tell(ledger, stay("s2", at(9), contact="c1"))

        assert memberships(ledger) == {"s1": ("c1", False), "s2": ("c1", False)}
        assert ledger.differences() == {}

    def test_an_order_that_names_two_ids_joins_their_subscriptions(self, ledger: Ledger) -> None:
        """The order itself is no subscription; it tells that contact c2 is member m1."""
        tell(ledger, stay("s1", at(0), contact="c2"))
        tell(ledger, stay("s2", at(1), member="m1"))
        assert {is_only for _, is_only in memberships(ledger).values()} == {True}

        tell(ledger, [store_order("o1", "approved", at(2), contact="c2", member="m1")])

        assert memberships(ledger) == {"s1": ("c2", False), "s2": ("c2", False)}
        assert ledger.differences() == {}

    def test_an_event_read_anew_as_another_buyers_parts_them(self, ledger: Ledger) -> None:
        told, anew = stay("s2", at(1), contact="c1"), stay("s2", at(1), contact="c9", mapping_version=2)
        tell(ledger, [*stay("s1", at(0), contact="c1"), *told])
        assert memberships(ledger)["s1"] == ("c1", False)

        tell(ledger, anew)

        assert memberships(ledger) == {"s1": ("c1", True), "s2": ("c9", True)}
        assert ledger.differences() == {}

    def test_customers_grow_together_and_fall_apart_order_by_order(self, ledger: Ledger) -> None:
        """Only what tells more than is known is worked out: each step leaves what the whole log gives."""
        joined = store_order("o3", "approved", at(3), event_id="e3", contact="c1", member="m2")
        parted = store_order("o3", "approved", at(3), event_id="e3", contact="c1", mapping_version=2)
        steps = [
            ([*stay("s1", at(0), contact="c1", member="m1"), *stay("s2", at(0), contact="c2")], {"c1", "c2"}),
            # A new id of a known customer, and a pair that is known already.
            ([store_order("o1", "approved", at(1), contact="c2", member="m2")], {"c1", "c2"}),
            ([store_order("o2", "approved", at(2), contact="c2", member="m2")], {"c1", "c2"}),
            # Two known customers are one, by one id of each; then a third, smaller one gives its name.
            ([joined], {"c1"}),
            (stay("s0", at(4), contact="c0"), {"c0", "c1"}),
            ([store_order("o4", "approved", at(5), contact="c0", member="m2")], {"c0"}),
            # Read anew, the order that joined the first two names one of them only.
            ([parted], {"c0", "c1"}),
        ]

        for rows, customers in steps:
            tell(ledger, rows)

            assert {customer for customer, _ in memberships(ledger).values()} == customers
            assert ledger.differences() == {}


class TestReports:
    @pytest.mark.parametrize("method", METHODS)
    def test_count_alike_whether_compared_or_not(self, ledger: Ledger, method: str) -> None:
        """The same lives, each customer's by one row, then by comparing all: the figures are the same."""
        days = [(0, 12), (3, None), (5, 20), (14, None), (16, 17)]
        for number, (begin, end) in enumerate(days):
            tell(ledger, stay(f"s{number}", at(begin), at(end) if end else None, contact=f"c{number}"))
        asked: dict[str, Any] = {"method": method, "start": at(4).isoformat(), "end": at(31).isoformat()}

        def figures() -> list[Any]:
            return [
                ask(ledger, "churn", **asked),
                ask(ledger, "mrr"),
                ask(ledger, "cohorts"),
                ask(ledger, "plans"),
            ]

        by_one_row = figures()
        assert by_one_row[0][0]["active_at_start"] == 2
        ledger._connection.execute("update memberships set is_only = false")

        assert figures() == by_one_row


class TestTransitions:
    def test_an_order_that_changed_so_twice_counts_once_in_any_period(self, ledger: Ledger) -> None:
        """Canceled on day 1, again on day 5: from day 0 one order, from day 3 one, from day 6 none."""
        told = [
            store_order("o1", "updated", at(day), status=status)
            for day, status in [(0, "APPROVED"), (1, "CANCELED"), (3, "APPROVED"), (5, "CANCELED")]
        ]
        tell(ledger, told)

        def canceled(start: float) -> list[int]:
            rows = ask(ledger, "order_transitions", now=NOW, start=at(start).isoformat())
            return [row["orders"] for row in rows if row["to_status"] == "CANCELED"]

        assert [canceled(day) for day in (0, 3, 6)] == [[1], [1], []]


class TestParcels:
    def test_one_told_anew_replaces_what_was_known(self, ledger: Ledger) -> None:
        one, two = ("p1", at(1), {"1": 1}, None), ("p2", at(2), {"1": 1}, "T2")
        tell(ledger, [store_order("o1", "approved", at(0), paid="PAID"), shipments("o1", at(1), one)])
        first = ask(ledger, "fulfillment_rates", now=NOW)[0]["fulfillments"]

        tell(ledger, [shipments("o1", at(2), one, two)])

        assert (first, ask(ledger, "fulfillment_rates", now=NOW)[0]["fulfillments"]) == (1, 2)
        assert ledger.differences() == {}
