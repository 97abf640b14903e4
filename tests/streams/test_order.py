"""Orders as Wix writes them, with every oddity of its samples."""

import copy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import catalogue
from streams.order import StoreOrder
from streams.plan_order import PlanOrder
from tests.streams.event_records import PAYLOADS, payload, record

PLAN_ORDERS = sorted(file.stem for file in PAYLOADS.glob("plan_order_*.json") if "delivery" not in file.stem)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("****"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def entity(name: str) -> dict[str, Any]:
    """The order in a recorded webhook."""
    event = record(payload(name))
    webhook = catalogue.find(event.event_type, event.body)
    assert webhook is not None
    return copy.deepcopy(dict(catalogue.entity_of(webhook, event.body)))


def a_span(total: str, first: int, cycles: int | None = None) -> dict[str, Any]:
    duration = {"cycleFrom": first} | ({"numberOfCycles": cycles} if cycles else {})
    return {"duration": duration, "price": {"total": total, "currency": "EUR"}}


def an_order(*spans: dict[str, Any], cycle: int | None = None) -> PlanOrder:
    order: dict[str, Any] = {"id": "o", "pricing": {"subscription": {}, "prices": list(spans)}}
    return PlanOrder.from_json(order | ({} if cycle is None else {"currentCycle": {"index": cycle}}))


class TestPlanOrder:
    @pytest.mark.parametrize("name", PLAN_ORDERS)
    def test_every_recorded_order_is_read(self, name: str) -> None:
        order = PlanOrder.from_json(entity(name))

        assert order.id
        assert order.status
        assert order.member_id
        assert order.price is not None
        assert order.price.currency in ("EUR", "USD")

    def test_a_monthly_plan_with_a_coupon(self) -> None:
        order = PlanOrder.from_json(entity("plan_order_updated__coupon"))

        assert order.is_recurring
        assert (order.cycle_unit, order.cycle_length) == ("MONTH", 1)
        assert order.price is not None
        assert order.price.total == Decimal("9.08")
        assert order.is_priced
        assert order.start_at == datetime(2021, 11, 19, 10, 25, 10, 816000, tzinfo=UTC)

    def test_trial_days_may_be_a_text(self) -> None:
        order = PlanOrder.from_json(entity("plan_order_cycle_started__trial"))

        assert order.trial_days == 1
        assert order.is_in_trial

    def test_a_lifetime_plan_has_no_cycles_and_no_end(self) -> None:
        order = PlanOrder.from_json(entity("plan_order_created__lifetime"))

        assert not order.is_recurring
        assert order.end_at is None
        assert not order.is_in_trial

    def test_a_plan_for_nothing_is_not_priced(self) -> None:
        assert not PlanOrder.from_json(entity("plan_order_canceled__free_by_coupon")).is_priced

    def test_masked_texts_are_no_texts(self) -> None:
        masked = {"planName": "****", "buyer": {"memberId": "********", "contactId": "*"}}

        order = PlanOrder.from_json(masked)

        assert (order.plan_name, order.member_id, order.contact_id) == (None, None, None)

    def test_a_status_that_wix_adds_is_kept_as_it_is(self) -> None:
        assert PlanOrder.from_json({"status": "HIBERNATING"}).status == "HIBERNATING"

    @given(
        st.dictionaries(
            st.sampled_from(
                ["id", "status", "buyer", "pricing", "freeTrialDays", "currentCycle", "startDate"]
            ),
            json_values,
        )
    )
    def test_nothing_in_an_order_makes_it_unreadable(self, order: dict[str, Any]) -> None:
        read = PlanOrder.from_json(order)

        assert read.price is None or read.spans


class TestPriceOfTheRunningCycle:
    """An introductory price for three months, then the full one."""

    INTRO = a_span("5", 1, 3)
    FULL = a_span("15", 4)

    @pytest.mark.parametrize(
        ("cycle", "total"),
        [
            (None, "5"),  # not started yet
            (0, "5"),  # in the trial: what the first cycle will cost
            (1, "5"),
            (3, "5"),
            (4, "15"),
            (400, "15"),
        ],
    )
    def test_it_is_the_one_whose_span_covers_the_cycle(self, cycle: int | None, total: str) -> None:
        price = an_order(self.INTRO, self.FULL, cycle=cycle).price

        assert price is not None
        assert price.total == Decimal(total)

    def test_past_the_last_span_the_last_price_holds_on(self) -> None:
        """A sample of Wix's has 12 cycles and a price for three."""
        price = an_order(self.INTRO, cycle=7).price

        assert price is not None
        assert price.total == Decimal(5)

    def test_without_prices_there_is_none(self) -> None:
        assert an_order().price is None


class TestStoreOrder:
    def test_a_recorded_order_is_read_with_what_ships(self) -> None:
        order = StoreOrder.from_json(entity("store_order_approved__shipped"))

        assert (order.status, order.payment_status, order.fulfillment_status) == (
            "APPROVED",
            "NOT_PAID",
            "NOT_FULFILLED",
        )
        assert [(line.id[-1], line.quantity) for line in order.shipped_lines] == [("1", 1)]

    def test_gift_cards_are_not_shipped(self) -> None:
        assert StoreOrder.from_json(entity("store_order_updated__gift_card")).shipped_lines == ()

    @pytest.mark.parametrize(
        ("item", "is_shipped"),
        [
            ({"physicalProperties": {"shippable": True}, "itemType": {"preset": "DIGITAL"}}, True),
            ({"physicalProperties": {"shippable": False}, "itemType": {"preset": "PHYSICAL"}}, False),
            # Without the flag the kind of item tells.
            ({"itemType": {"preset": "PHYSICAL"}}, True),
            ({"itemType": {"preset": "SERVICE"}}, False),
            ({}, False),
        ],
    )
    def test_wixs_flag_says_what_ships_and_the_kind_where_it_is_missing(
        self, item: dict[str, Any], *, is_shipped: bool
    ) -> None:
        order = StoreOrder.from_json({"lineItems": [{"id": "1", "quantity": 1, **item}]})

        assert bool(order.shipped_lines) is is_shipped

    def test_quantities_may_be_texts_and_one_unit_may_go_unsaid(self) -> None:
        order = StoreOrder.from_json(
            {"lineItems": [{"id": "1", "quantity": "3"}, {"id": "2"}, {"quantity": 9}]}
        )

        assert [(line.id, line.quantity) for line in order.lines] == [("1", 3), ("2", 1)]

    @given(st.dictionaries(st.sampled_from(["id", "status", "lineItems", "createdDate"]), json_values))
    def test_nothing_in_an_order_makes_it_unreadable(self, order: dict[str, Any]) -> None:
        assert StoreOrder.from_json(order).shipped_lines is not None
