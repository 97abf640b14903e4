"""The one order in which an entity's events stand, however they arrived; and who is one customer."""

import itertools
import random
from dataclasses import replace

from analytics.ledger import Ledger
from analytics.lifecycle import EffectFacts, LifecycleRow, event_row_id
from tests.analytics.history import (
    OTHER_SITE,
    SITE,
    ask,
    at,
    event,
    shipments,
    store_order,
    subscription,
    tell,
)


def state_of(ledger: Ledger, order_id: str = "o1") -> str:
    (row,) = [row for row in ask(ledger, "orders") if row["order_id"] == order_id]
    return str(row["state"])


# Of two events of one instant without a number, the later in this list came last.
SLUGS = [
    "created",
    "updated",
    "purchased",
    "approved",
    "start_date_changed",
    "started",
    "cycle_started",
    "marked_as_paid",
    "payment_status_updated",
    "fulfilled",
    "paused",
    "resumed",
    "end_date_postponed",
    "auto_renew_canceled",
    "canceled",
    "ended",
]


class TestOrderOfEvents:
    def test_the_sequence_outranks_the_clock(self, ledger: Ledger) -> None:
        """The cancellation carries the higher number, though its clock was behind."""
        tell(
            ledger,
            [
                store_order("o1", "canceled", at(1), status="CANCELED", sequence=7),
                store_order("o1", "updated", at(2), sequence=6),
            ],
        )

        assert state_of(ledger) == "canceled"

    def test_without_a_number_an_event_follows_the_highest_one_that_is_no_later(self, ledger: Ledger) -> None:
        """Numbers 5 (day 1) and 6 (day 3); the unnumbered one of day 2 belongs between them."""
        tell(
            ledger,
            [
                store_order("o1", "created", at(1), status="PENDING", sequence=5),
                store_order("o1", "canceled", at(2), status="CANCELED"),
                store_order("o1", "updated", at(3), status="APPROVED", sequence=6),
            ],
        )
        assert state_of(ledger) == "approved"

        tell(ledger, [store_order("o1", "canceled", at(4), status="CANCELED")])

        assert state_of(ledger) == "canceled"

    def test_a_number_comes_before_none_of_the_same_instant(self, ledger: Ledger) -> None:
        """The slugs alone would say the opposite: `updated` ranks before `canceled`."""
        tell(
            ledger,
            [
                store_order("o1", "updated", at(1), status="APPROVED"),
                store_order("o1", "canceled", at(1), status="CANCELED", sequence=5),
            ],
        )

        assert state_of(ledger) == "approved"

    def test_at_one_instant_the_slug_decides(self, ledger: Ledger) -> None:
        """`canceled` ranks behind `updated`, whichever arrives first and whatever its event id."""
        tell(
            ledger,
            [
                store_order("o1", "canceled", at(1), status="CANCELED", event_id="a"),
                store_order("o1", "updated", at(1), status="APPROVED", event_id="b"),
            ],
        )

        assert state_of(ledger) == "canceled"

    def test_an_order_and_its_fulfillments_are_numbered_apart(self, ledger: Ledger) -> None:
        tell(
            ledger,
            [
                store_order("o1", "approved", at(0), sequence=900),
                shipments("o1", at(1), ("p1", at(1), {"1": 1}, None), sequence=1),
            ],
        )

        assert state_of(ledger) == "fulfilled"

    def test_the_slugs_rank_as_they_follow_each_other(self, ledger: Ledger) -> None:
        """One order for each pair of neighbours, told in any order; the second's status stands."""
        rows = []
        for number, (earlier, later) in enumerate(itertools.pairwise(SLUGS)):
            rows.append(store_order(f"o{number}", earlier, at(0), status="PENDING", event_id=f"b{number}"))
            rows.append(store_order(f"o{number}", later, at(0), status="CANCELED", event_id=f"a{number}"))
        random.Random(1).shuffle(rows)

        tell(ledger, rows)

        assert {row["status"] for row in ask(ledger, "orders")} == {"CANCELED"}
        assert len(ask(ledger, "orders")) == len(SLUGS) - 1


class TestTimeline:
    def test_what_one_event_made_due_stands_in_one_order_however_it_arrived(self, ledger: Ledger) -> None:
        """A purchase makes a notice and access due, at one instant and under one event."""
        flows = ("access", "purchase_notice")
        orders = {f"o{number}": flows[:: 1 if number % 2 else -1] for number in range(8)}
        dues = {order: [_due(flow, order) for flow in told] for order, told in orders.items()}
        for order in orders:
            tell(ledger, dues[order])

        for order, rows in dues.items():
            shown = [row["detail"] for row in ask(ledger, "order_timeline", order_id=order)]
            by_id = sorted(rows, key=lambda row: str(row.row_id))
            assert shown == [row.facts.flow for row in by_id if isinstance(row.facts, EffectFacts)]


def _due(flow: str, order: str) -> LifecycleRow:
    facts = EffectFacts(flow=flow, outcome="due", event_at=at(1))
    name = f"bought {order}"
    row = event(facts, "effect_due", f"{flow}:{order}", at(1), order=order, event_id=name)
    return replace(row, row_id=event_row_id(SITE, name, f"effect_due/{flow}"))


class TestCustomers:
    def test_ids_that_one_buyer_ever_shared_are_one_customer(self, ledger: Ledger) -> None:
        """c9–m1, m1–c2: one component; its name is the smallest contact, c2."""
        tell(
            ledger,
            [
                subscription("s1", "started", at(0), contact="c9", member="m1"),
                subscription("s2", "started", at(1), contact="c2", member="m1"),
                subscription("s3", "started", at(2), member="m1"),
                subscription("s4", "started", at(3), contact="c5"),
                subscription("s5", "started", at(4), contact="c9", site=OTHER_SITE),
            ],
        )

        customers = {row["order_id"]: row["customer"] for row in ask(ledger, "orders")}

        assert customers == {"s1": "c2", "s2": "c2", "s3": "c2", "s4": "c5", "s5": "c9"}
