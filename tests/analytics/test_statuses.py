"""Wix's words, our states, drafts, and the steps from one to another; worked out by hand."""

from datetime import timedelta
from itertools import permutations

import pytest

from analytics.ledger import Ledger
from tests.analytics.history import ask, at, only, store_order, subscription, tell

NOW = at(10)

# What Wix documents: from → to, in our words for subscriptions, in Wix's for store orders.
SUBSCRIPTION_STEPS = {
    *[("draft", "active"), ("draft", "pending"), ("draft", "canceled")],
    *[("pending", "active"), ("pending", "canceled")],
    *[("active", "paused"), ("active", "canceled"), ("active", "ended")],
    *[("paused", "active"), ("paused", "canceled")],
}
STORE_STEPS = {
    *[("INITIALIZED", to) for to in ("PENDING", "APPROVED", "CANCELED", "REJECTED")],
    *[("PENDING", to) for to in ("APPROVED", "CANCELED", "REJECTED")],
    ("APPROVED", "CANCELED"),
}


class TestSubscription:
    @pytest.mark.parametrize(
        ("status", "state"),
        [
            ("DRAFT", "draft"),
            ("PENDING", "pending"),
            ("ACTIVE", "active"),
            ("PAUSED", "paused"),
            ("ENDED", "ended"),
            ("CANCELED", "canceled"),
            # Words of the first version.
            ("EXPIRED", "ended"),
            ("PENDING_CANCELLATION", "set_to_cancel"),
            ("SUSPENDED", "paused"),
            # A word that Wix has not told us about.
            ("HIBERNATING", "unknown"),
        ],
    )
    def test_is_listed_in_our_state_and_under_wixs_own_word(
        self, ledger: Ledger, status: str, state: str
    ) -> None:
        tell(ledger, [subscription("s1", "updated", at(0), status=status)])

        row = only(ask(ledger, "order_status", now=NOW, drafts="true"))

        assert row == {"kind": "subscription", "state": state, "status": status, "orders": 1}


class TestStoreOrder:
    def test_in_an_unknown_status_is_counted_under_its_own_name(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "updated", at(0), status="ON_HOLD")])

        row = only(ask(ledger, "order_status", now=NOW))

        assert row == {"kind": "store", "state": "unknown", "status": "ON_HOLD", "orders": 1}

    def test_rejected_is_closed_and_not_canceled(self, ledger: Ledger) -> None:
        """Placed on Monday, rejected on Tuesday."""
        tell(
            ledger,
            [
                store_order("o1", "created", at(0), status="PENDING"),
                store_order("o1", "updated", at(1), status="REJECTED"),
            ],
        )

        rows = ask(ledger, "order_flow", now=NOW, start=at(0).isoformat(), end=at(2).isoformat())

        moved = [(row["placed"], row["canceled"], row["closed"], row["open_at_end"]) for row in rows]
        assert moved == [(1, 0, 0, 1), (0, 0, 1, 0)]

    def test_is_late_when_more_than_72_hours_have_gone_by_since_it_was_paid(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(0), paid="PAID")])

        just_in_time, a_moment_later = at(3), at(3) + timedelta(microseconds=1)

        assert ask(ledger, "orders", now=just_in_time, late="true") == []
        assert only(ask(ledger, "sites", now=just_in_time))["late"] == 0
        assert only(ask(ledger, "orders", now=a_moment_later, late="true"))["order_id"] == "o1"
        assert only(ask(ledger, "sites", now=a_moment_later))["late"] == 1


class TestPaymentOnDelivery:
    @pytest.mark.parametrize(
        ("status", "paid", "total", "listed"),
        [
            ("APPROVED", "NOT_PAID", "10.00", "payment_on_delivery"),
            ("APPROVED", "PAID", "10.00", "PAID"),
            ("APPROVED", "NOT_PAID", "0", "NOT_PAID"),  # approved since there is nothing to be paid
            ("PENDING", "NOT_PAID", "10.00", "NOT_PAID"),  # Wix waits for the money
            ("CANCELED", "NOT_PAID", "10.00", "NOT_PAID"),  # nobody will pay any more
        ],
    )
    def test_is_what_wix_approved_before_it_was_paid(
        self, ledger: Ledger, status: str, paid: str, total: str, listed: str
    ) -> None:
        tell(ledger, [store_order("o1", "approved", at(0), status=status, paid=paid, total=total)])

        assert only(ask(ledger, "orders", now=NOW))["payment_status"] == listed

    def test_is_unpaid_until_the_money_came(self, ledger: Ledger) -> None:
        tell(ledger, [store_order("o1", "approved", at(0))])
        before = only(ask(ledger, "orders", now=NOW))
        tell(ledger, [store_order("o1", "payment_status_updated", at(4), paid="PAID")])
        after = only(ask(ledger, "orders", now=NOW))

        told = [(row["payment_status"], row["paid_at"]) for row in (before, after)]
        assert told == [("payment_on_delivery", None), ("PAID", "2026-03-06T00:00:00Z")]


class TestDrafts:
    def test_are_in_no_count_list_or_step(self, ledger: Ledger) -> None:
        """A cart that was paid and never placed, and a subscription that nobody has bought yet."""
        tell(
            ledger,
            [
                store_order("o1", "created", at(0), status="INITIALIZED", paid="PAID"),
                subscription("s1", "created", at(0), status="DRAFT"),
            ],
        )

        for kind in ("store", "subscription"):
            flow = ask(ledger, "order_flow", now=NOW, kind=kind)
            assert {row[name] for row in flow for name in ("placed", "paid", "open_at_end")} <= {0}
            assert ask(ledger, "open_by_state", now=NOW, kind=kind) == []
        for listed in ("orders", "order_status", "backlog"):
            assert ask(ledger, listed, now=NOW) == []
        site = only(ask(ledger, "sites", now=NOW))
        assert (site["orders"], site["open"], site["late"]) == (0, 0, 0)
        assert only(ask(ledger, "fulfillment_latency", now=NOW))["open"] == 0
        rates = only(ask(ledger, "fulfillment_rates", now=NOW))
        assert (rates["due"], rates["placed"]) == (0, 0)


class TestSteps:
    def test_of_subscriptions_that_wix_documents_are_legal_and_no_others(self, ledger: Ledger) -> None:
        """From each state to each other one; set to cancel is still active."""
        states = ("draft", "pending", "active", "paused", "ended", "canceled")
        for day, steps in enumerate(zip(*permutations(states, 2), strict=True)):
            told = zip(permutations(states, 2), steps, strict=True)
            tell(
                ledger,
                [subscription(" ".join(both), "updated", at(day), status=one.upper()) for both, one in told],
            )

        assert _legal(ledger, "subscription") == (SUBSCRIPTION_STEPS, 30)

    def test_of_store_orders_that_wix_documents_are_legal_and_no_others(self, ledger: Ledger) -> None:
        statuses = ("INITIALIZED", "PENDING", "APPROVED", "CANCELED", "REJECTED")
        for day, steps in enumerate(zip(*permutations(statuses, 2), strict=True)):
            told = zip(permutations(statuses, 2), steps, strict=True)
            tell(ledger, [store_order(" ".join(both), "updated", at(day), status=one) for both, one in told])

        assert _legal(ledger, "store") == (STORE_STEPS, 20)

    def test_of_fulfillment_are_free(self, ledger: Ledger) -> None:
        words = ("FULFILLED", "NOT_FULFILLED", "PARTIALLY_FULFILLED", "NOT_FULFILLED")
        tell(
            ledger, [store_order("o1", "updated", at(day), fulfilled=word) for day, word in enumerate(words)]
        )

        assert ask(ledger, "order_transitions", now=NOW) == []
        assert {row["events"] for row in ask(ledger, "data_quality", now=NOW)} == {0}


def _legal(ledger: Ledger, kind: str) -> tuple[set[tuple[str, str]], int]:
    """The legal steps that were taken, and how many were in all: those that are not are alarms."""
    rows = ask(ledger, "order_transitions", now=NOW, kind=kind)
    legal = {(row["from_status"], row["to_status"]) for row in rows if row["is_legal"]}
    alarms = {row["alarm"]: row["events"] for row in ask(ledger, "data_quality", now=NOW)}
    assert alarms["illegal_transition"] == len(rows) - len(legal)
    return legal, len(rows)
